"""The tests as a package: a dependency of the SDK installs a package `tests` too, and would come first."""
