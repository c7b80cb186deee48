"""An extension of Sphinx: what a chapter captions under a name ``tab-...`` becomes a table with a number."""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util.typing import ExtensionMetadata
from sphinx.writers.html5 import HTML5Translator

PREFIX = "tab-"
"""How the names of captioned tables begin."""


class captioned_table(nodes.figure):  # noqa: N801
    """A cell's output with a caption, numbered among the tables; a name in the style of docutils."""


class CaptionTables(SphinxTransform):
    """Makes tables of those figures whose names say so, with the caption above.

    MyST-NB can caption the output of a cell as a figure only.
    """

    default_priority = 10
    """Before Sphinx collects what can be referred to."""

    def apply(self, **kwargs: object) -> None:
        """Replace the figures of one page."""
        for figure in list(self.document.findall(nodes.figure)):
            if any(name.startswith(PREFIX) for name in figure["names"]):
                captions = [child for child in figure.children if isinstance(child, nodes.caption)]
                others = [child for child in figure.children if not isinstance(child, nodes.caption)]
                end = [nodes.raw("", "</figcaption>\n", format="html") for _ in captions]
                table = captioned_table("", *captions, *end, *others, **figure.attributes)
                figure.replace_self(table)
                self.document.ids |= dict.fromkeys(table["ids"], table)


def visit(translator: HTML5Translator, node: captioned_table) -> None:
    """Begin a table in HTML; its caption opens a ``figcaption``, which `CaptionTables` closes.

    Parameters
    ----------
    translator : HTML5Translator
        Writes the page.
    node : captioned_table
        The table.
    """
    translator.body.append(translator.starttag(node, "figure", CLASS="captioned-table"))


def depart(translator: HTML5Translator, node: captioned_table) -> None:
    """End a table in HTML.

    Parameters
    ----------
    translator : HTML5Translator
        Writes the page.
    node : captioned_table
        The table.
    """
    translator.body.append("</figure>\n")


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the extension.

    Parameters
    ----------
    app : Sphinx
        The program that builds the pages.

    Returns
    -------
    dict
        What Sphinx wants to know of an extension.
    """
    app.add_enumerable_node(captioned_table, "table", html=(visit, depart))
    app.add_transform(CaptionTables)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
