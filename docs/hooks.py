"""MkDocs events: adds the generated pages and parts of pages to each build."""

from __future__ import annotations

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from rolefit_docs.site import Site

from rolefit.engine import RulesetError

# Set by on_config, first of all events of a build.
_site: Site


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Read contract and rules, and put the generated pages into the navigation."""
    global _site
    try:
        _site = Site(Path(config.config_file_path).parent)
    except (RulesetError, RuntimeError) as error:
        raise PluginError(str(error)) from None
    written = [entry for entry in config.nav or [] if "Guide" in entry]
    config.nav = [*written, *_site.navigation()]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages."""
    for uri, text in _site.pages():
        files.append(File.generated(config, uri, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Fill in the generated parts of the hand-written pages."""
    if page.file.generated_by:
        return markdown
    try:
        return _site.fill(page.file.src_uri, markdown)
    except KeyError as error:
        raise PluginError(f"{page.file.src_uri}: nothing is generated for {error}") from None
