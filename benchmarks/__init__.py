"""One command a question: ours beside a named peer, as ratios from one run."""
