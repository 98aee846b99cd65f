"""How `make docs` makes a site of the pages: Sphinx reads them as they are, by MyST, and fetches nothing."""

project = "catdog-edge"
html_title = project
extensions = ["myst_parser"]
include_patterns = ["*.md", "docs/**.md", "models/*.md", "edge/**.md"]
exclude_patterns = [".*", "build", "dist"]
root_doc = "docs/README"
myst_heading_anchors = 4  # links to headings, as GitHub names them
smartquotes = False  # commands stand in sentences, too: their quotes are typed as they are shown
# Pages link to each other as they do on GitHub: there is no tree of contents, but docs/README.md and a search.
suppress_warnings = ["toc.not_included", "misc.highlighting_failure"]
html_theme = "alabaster"
html_theme_options = {"page_width": "1160px", "body_max_width": "none", "font_family": "sans-serif"}
html_sidebars = {"**": ["about.html", "localtoc.html", "searchbox.html"]}
html_copy_source = False
