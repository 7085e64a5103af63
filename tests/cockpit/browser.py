# SPDX-License-Identifier: LGPL-2.1-or-later
"""A headless Chromium that is driven over its debugging pipe, and fotad's page in it, inside the frame of Cockpit's
shell. Every wait has a time-out, which fails the test."""
import base64
import json
import os
import select
import subprocess
import time

TIMEOUT = 40  # seconds, far longer than any wait needs, and less than the limit of the test program

# doc(), the document of fotad's page, within Cockpit's shell or without it; find(selector, text), its first visible
# element that has the text.
HELPERS = """
const frame = () => [...document.querySelectorAll("iframe")].find(
    frame => frame.contentWindow.location.pathname.includes("/fotad/"));
const doc = () => frame()?.contentDocument ?? document;
const find = (selector, text = "") => [...doc().querySelectorAll(selector)].find(
    node => node.checkVisibility() && node.textContent.includes(text));
"""


class Browser:
    def __init__(self, directory):
        command_reader, self.writer = os.pipe()
        self.reader, answer_writer = os.pipe()
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                 "--disable-background-networking", "--disable-component-update", "--disable-sync",
                 "--disable-dev-shm-usage", "--hide-scrollbars", f"--user-data-dir={directory}/profile",
                 "--remote-debugging-pipe", "about:blank"]

        def descriptors():
            # Chromium reads 3 and writes 4.
            os.dup2(command_reader, 13)
            os.dup2(answer_writer, 14)
            os.dup2(13, 3)
            os.dup2(14, 4)

        with open(f"{directory}/chromium.log", "wb") as log:
            self.process = subprocess.Popen(["chromium", *flags], stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                            close_fds=False, preexec_fn=descriptors,
                                            env={**os.environ, "HOME": directory})
        os.close(command_reader)
        os.close(answer_writer)
        self.buffer, self.number, self.session, self.errors = b"", 0, None, []

    def close(self):
        self.process.kill()
        self.process.wait()

    def read(self, deadline):
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.reader], [], [], max(0, deadline - time.monotonic()))
            assert ready, "the browser does not answer"
            data = os.read(self.reader, 1 << 20)
            assert data, "the browser has ended"
            self.buffer += data
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **parameters):
        """The result of a method of the DevTools protocol; None if the page was replaced meanwhile."""
        self.number += 1
        request = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            request["sessionId"] = self.session
        os.write(self.writer, json.dumps(request).encode() + b"\0")
        deadline = time.monotonic() + 1.5 * TIMEOUT
        while True:
            answer = self.read(deadline)
            if answer.get("id") == self.number:
                if "error" in answer and method == "Runtime.evaluate":
                    return None
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
            self.note(answer)

    def note(self, event):
        """Errors of the page, such as breaches of the content security policy."""
        if event.get("method") == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(event["params"]["exceptionDetails"]))
        elif event.get("method") == "Log.entryAdded" and event["params"]["entry"]["level"] == "error":
            self.errors.append(json.dumps(event["params"]["entry"]))

    def evaluate(self, expression):
        answer = self.call("Runtime.evaluate", expression=f"(async () => {{ {HELPERS} {expression} }})()",
                           awaitPromise=True, returnByValue=True)
        if answer is None:
            return None
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait(self, expression):
        """Waits until the expression is true."""
        deadline = time.monotonic() + TIMEOUT
        while not self.evaluate(f"""
                const end = performance.now() + {TIMEOUT * 1000};
                for (;;) {{
                    try {{
                        if ({expression})
                            return true;
                    }} catch (error) {{ /* the page is not there yet */ }}
                    if (performance.now() > end)
                        return false;
                    await new Promise(resolve => requestAnimationFrame(resolve));
                }}"""):
            text = time.monotonic() > deadline and self.evaluate("return doc().body.innerText")
            assert text is False, f"not true: {expression}; the page: {text}"

    def see(self, text, selector="main, dialog"):
        """Waits until the text is shown."""
        texts = f"[...doc().querySelectorAll({json.dumps(selector)})].map(n => n.innerText).join('\\n')"
        self.wait(f"{texts}.includes({json.dumps(text)})")

    def go(self, url, language="en", width=1280):
        """Opens the page in a tab of its own. The other tabs stay: cockpit-ws without a login has a session as long as
        a page is connected."""
        self.session = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "DOM"):
            self.call(f"{domain}.enable")
        self.call("Network.setExtraHTTPHeaders", headers={"Accept-Language": language})
        self.window(width)
        self.call("Page.navigate", url=url)

    def gone(self, selector):
        self.wait(f"!doc().querySelector({json.dumps(selector)})")

    def click(self, selector, text=""):
        """Clicks on the element; once more if it has moved away from under the pointer meanwhile."""
        found = f"find({json.dumps(selector)}, {json.dumps(text)})"
        clicked = False
        while not clicked:
            self.wait(f"{found} && !{found}.disabled")
            at = self.evaluate(f"""
                const node = {found};
                if (!node)
                    return null;
                node.scrollIntoView({{block: "center"}});
                const inner = node.getBoundingClientRect(), outer = frame().getBoundingClientRect();
                window.clicked = false;
                node.addEventListener("click", () => window.clicked = true, {{once: true, capture: true}});
                return [outer.x + inner.x + inner.width / 2, outer.y + inner.y + inner.height / 2]""")
            for kind in ("mousePressed", "mouseReleased") if at else ():
                self.call("Input.dispatchMouseEvent", type=kind, x=at[0], y=at[1], button="left", clickCount=1)
            clicked = at and self.evaluate("return window.clicked")

    def type(self, selector, text):
        """Replaces the text of an input field."""
        self.click(selector)
        self.evaluate(f"find({json.dumps(selector)}).select()")
        self.call("Input.insertText", text=text)

    def choose_file(self, selector, path):
        found = f"(() => {{ {HELPERS} return find({json.dumps(selector)}) }})()"
        node = self.call("Runtime.evaluate", expression=found)
        self.call("DOM.setFileInputFiles", files=[path], objectId=node["result"]["objectId"])

    def window(self, width, height=1100, dark=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def picture(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))
