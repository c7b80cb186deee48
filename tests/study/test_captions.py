"""Captioned output of cells as tables with numbers."""

from io import StringIO

import pytest
from sphinx.testing.util import SphinxTestApp

PAGE = """# Page

{numref}`tab-some` and {numref}`fig-some`.

```{figure} picture.png
:name: tab-some

A table's caption.
```

```{figure} picture.png
:name: fig-some

A figure's caption.
```
"""


@pytest.mark.slow
def test_what_is_called_a_table_is_numbered_as_one(tmp_path):
    (tmp_path / "conf.py").write_text("extensions = ['myst_parser', 'study.captions']\nnumfig = True\n")
    (tmp_path / "index.md").write_text(PAGE)
    (tmp_path / "picture.png").write_bytes(b"")
    said = StringIO()
    app = SphinxTestApp(srcdir=tmp_path, warning=said)
    app.build()
    html = (tmp_path / "_build" / "html" / "index.html").read_text()
    app.cleanup()
    assert said.getvalue() == ""
    assert '<span class="std std-numref">Table 1</span>' in html
    assert '<span class="std std-numref">Fig. 1</span>' in html
    table = html[html.index('<figure class="captioned-table"') :]
    assert (
        table.index("Table 1 ")
        < table.index("</figcaption>")
        < table.index("<img")
        < table.index("</figure>")
    )
