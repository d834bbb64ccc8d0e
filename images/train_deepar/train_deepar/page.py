"""The page of an evaluation, before anything is filled in."""

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light; }}
body {{ font: 16px/1.5 system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif; color: #1c2430;
  background: #f5f7f9; margin: 0; }}
main {{ max-width: 1120px; margin: 0 auto; padding: 32px 24px 56px; }}
h1 {{ font-size: 28px; line-height: 1.2; margin: 0 0 4px; }}
h2 {{ font-size: 19px; margin: 40px 0 12px; }}
p.lead {{ margin: 0; color: #55606e; }}
.tiles {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px;
  margin-top: 24px; }}
.tile, figure, .card {{ background: #fff; border: 1px solid #dfe4ea; border-radius: 8px; }}
.tile {{ padding: 12px 16px; }}
.tile b {{ display: block; font-size: 28px; line-height: 1.25; font-variant-numeric: tabular-nums; }}
.tile span, figcaption {{ color: #55606e; font-size: 14px; }}
.pictures {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr));
  gap: 16px; }}
figure {{ margin: 0; padding: 12px 16px; }}
figure svg {{ width: 100%; height: auto; display: block; }}
figure svg text {{ font-size: 12px; fill: #55606e; font-variant-numeric: tabular-nums; }}
.fans {{ display: grid; gap: 16px; }}
.legend {{ display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 0 0 12px;
  color: #55606e; font-size: 14px; }}
.legend span {{ display: inline-flex; align-items: center; gap: 6px; }}
.legend i {{ display: inline-block; width: 22px; height: 12px; border-radius: 2px; }}
figcaption {{ padding-bottom: 4px; }}
figcaption b {{ color: #1c2430; font-size: 16px; }}
.card {{ overflow-x: auto; padding: 4px 16px 8px; }}
table {{ border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }}
th, td {{ text-align: left; padding: 7px 12px 7px 0; border-bottom: 1px solid #edf0f3; font-weight: 400; }}
thead th {{ color: #55606e; font-size: 14px; }}
tr:last-child > * {{ border-bottom: 0; }}
td.n, th.n {{ text-align: right; }}
td.right {{ background: #e8f1fb; }}
td.wrong {{ background: #fdf0e6; }}
code {{ font-size: 14px; overflow-wrap: anywhere; }}
.columns {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 16px;
  align-items: start; }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p class="lead">{lead}</p>
<div class="tiles">{tiles}</div>
<h2>Best, median and worst series</h2>
<p class="legend">{legend}</p>
<div class="fans">{fans}</div>
<h2>All series together</h2>
<div class="pictures">{pictures}</div>
<h2>Windows</h2><div class="card">{windows}</div>
<div class="columns">
<section>
<h2>Measures</h2><div class="card">{metrics}</div>
</section>
<section>
<h2>Model</h2><div class="card">{facts}</div>
<h2>Hyperparameters</h2><div class="card">{hyperparameters}</div>
</section>
</div>
<h2>Series, best first</h2><div class="card">{series}</div>
</main>
</body>
</html>
"""
