"""Sphinx's settings for the site that ``python -m docs.make_site`` builds."""

from __future__ import annotations

from zenoimg import __version__

project = "zenoimg"
release = version = __version__
copyright = "the zenoimg authors, MIT"
html_title = "zenoimg"
html_theme = "furo"
smartquotes = False  # they make one dash of the two of an option
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_copy_source = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0b5fa5", "color-brand-content": "#0b5fa5"},
    "dark_css_variables": {"color-brand-primary": "#7cc0ff", "color-brand-content": "#7cc0ff"},
}

extensions = ["myst_parser", "sphinx.ext.autodoc"]
myst_enable_extensions = ["attrs_inline"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
python_maximum_signature_line_length = 88
autodoc_preserve_defaults = True
add_module_names = False
