"""Who may import whom: the contracts of pyproject.toml."""

from importlinter.cli import lint_imports
from importlinter.configuration import configure

from fpcore.config.paths import ROOT


def test_every_module_keeps_to_its_layer(monkeypatch):
    monkeypatch.chdir(ROOT)
    configure()
    assert lint_imports(config_filename="pyproject.toml", no_cache=True) == 0
