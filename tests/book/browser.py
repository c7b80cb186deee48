"""A reader's browser: headless Chromium over http, asked by its DevTools protocol.

``python tests/book/browser.py [PAGE...]`` prints what each page of the built book weighs, what the console
says, and what is wider than its box at two widths.
"""

import asyncio
import base64
import functools
import http.server
import itertools
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tornado.websocket import WebSocketClientConnection, websocket_connect

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
WIDTHS = (1280, 390)
SCROLLED = """(async () => {
  for (let y = 0; y < document.body.scrollHeight; y += 800) {
    window.scrollTo(0, y);
    await new Promise(done => setTimeout(done, 20));
  }
})()"""
"""Shows the whole page, so that what is loaded late is loaded too."""

TOO_WIDE = """(() => {
  const width = document.documentElement.clientWidth, wide = [];
  if (document.documentElement.scrollWidth > width + 1)
    wide.push(['page', document.documentElement.scrollWidth]);
  for (const table of document.querySelectorAll('article table')) {
    if (!table.offsetParent) continue;
    let box = table.parentElement;
    while (box.tagName != 'ARTICLE' && getComputedStyle(box).overflowX == 'visible') box = box.parentElement;
    if (table.scrollWidth > box.clientWidth + 1)
      wide.push([table.closest('figure')?.id || table.id || table.innerText.slice(0, 40),
                 table.scrollWidth - box.clientWidth]);
  }
  return wide;
})()"""
"""Lists tables that are wider than the box that shows them, with the pixels that are out of sight."""


class Tab:
    """One tab of the browser."""

    def __init__(self, connection: WebSocketClientConnection) -> None:
        self.connection, self.numbers = connection, itertools.count(1)
        self.events: list[dict[str, Any]] = []

    async def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """Send a command and wait for its answer; what happens in the meantime is kept."""
        number = next(self.numbers)
        await self.connection.write_message(
            json.dumps({"id": number, "method": method, "params": parameters})
        )
        while True:
            message = await self._next()
            if message.get("id") == number:
                if "error" in message:
                    raise RuntimeError(message["error"])
                return message["result"]

    async def until(self, event: str, seconds: float = 60) -> None:
        """Wait for an event."""
        while not any(kept["method"] == event for kept in self.events):
            await asyncio.wait_for(self._next(), seconds)

    async def evaluate(self, script: str) -> Any:
        """Run a script on the page and take what it gives."""
        done = await self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        return done["result"].get("value")

    async def _next(self) -> dict[str, Any]:
        text = await self.connection.read_message()
        if text is None:
            raise RuntimeError("the browser closed the connection")
        message = json.loads(text)
        if "method" in message:
            self.events.append(message)
        return message


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder over http."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=folder)
    ) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@contextmanager
def browser() -> Iterator[str]:
    """Start Chromium; gives the address at which it is asked."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        options = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--remote-debugging-port=0",
            "--hide-scrollbars",
        ]
        command = [str(PROGRAM), *options, f"--user-data-dir={folder}", "about:blank"]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        assert process.stderr
        address = next(line.split()[-1] for line in process.stderr if "DevTools listening" in line)
        threading.Thread(target=process.stderr.read, daemon=True).start()
        try:
            yield address.split("/")[2]
        finally:
            process.terminate()
            process.wait()


async def look(
    devtools: str, address: str, width: int, dark: bool = False, picture: Path | None = None
) -> dict[str, Any]:
    """Open a page as a reader does: its bytes, what the console says, and what is too wide."""
    request = urllib.request.Request(f"http://{devtools}/json/new?about:blank", method="PUT")
    target = json.loads(urllib.request.urlopen(request).read())
    tab = Tab(await websocket_connect(target["webSocketDebuggerUrl"], max_message_size=10**9))
    for domain in ("Page", "Runtime", "Network", "Log"):
        await tab.call(f"{domain}.enable")
    await tab.call("Network.setCacheDisabled", cacheDisabled=True)
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    await tab.call("Emulation.setDeviceMetricsOverride", **metrics)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    await tab.call("Emulation.setEmulatedMedia", features=[scheme])
    await tab.call("Page.navigate", url=address)
    await tab.until("Page.loadEventFired")
    await tab.evaluate(SCROLLED)
    await tab.evaluate("(async () => { await (window.MathJax?.startup?.promise); })()")
    await tab.evaluate("new Promise(done => setTimeout(done, 300))")
    wide = await tab.evaluate(TOO_WIDE)
    await tab.evaluate("window.scrollTo(0, 0)")
    if picture:
        size = await tab.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
        )
        clip = {"x": 0, "y": 0, "width": size[0], "height": min(size[1], 16000), "scale": 1}
        shot = await tab.call("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        picture.write_bytes(base64.b64decode(shot["data"]))
    await tab.call("Page.close")
    tab.connection.close()
    return {"bytes": _bytes(tab.events), "console": _console(tab.events), "wide": wide}


def _bytes(events: list[dict[str, Any]]) -> int:
    loaded = [e["params"] for e in events if e["method"] == "Network.loadingFinished"]
    return int(sum(one["encodedDataLength"] for one in loaded))


def _console(events: list[dict[str, Any]]) -> list[str]:
    said = []
    for event in events:
        parameters = event["params"]
        if event["method"] == "Runtime.exceptionThrown":
            details = parameters["exceptionDetails"]
            said.append(details.get("exception", {}).get("description", details["text"]).split("\n")[0])
        elif event["method"] == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning"):
            said.append(" ".join(str(argument.get("value")) for argument in parameters["args"]))
        elif event["method"] == "Log.entryAdded" and parameters["entry"]["level"] == "error":
            said.append(f"{parameters['entry']['text']} {parameters['entry'].get('url', '')}")
    return said


def visit(
    folder: Path, pages: list[str], pictures: Path | None = None
) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Look at pages of a book at all `WIDTHS`."""
    with served(folder) as address, browser() as devtools:
        for page, width in itertools.product(pages, WIDTHS):
            shot = pictures / f"{page.replace('/', '-')}-{width}.png" if pictures else None
            yield page, width, asyncio.run(look(devtools, f"{address}/{page}.html", width, picture=shot))


if __name__ == "__main__":
    root = Path(__file__).resolve().parents[2] / "_build" / "html"
    every = [str(path.relative_to(root).with_suffix("")) for path in sorted(root.glob("*/*.html"))]
    for name, pixels, seen in visit(root, sys.argv[1:] or [name for name in every if name[0] != "_"]):
        weight = f"{seen['bytes'] / 1e6:.2f} MB"
        print(f"{name} at {pixels}: {weight}, console {seen['console']}, too wide {seen['wide']}")
