"""A real film without an encoder: the browser itself records a canvas, and empty boxes make it as long as wanted."""

from pathlib import Path

from playwright.sync_api import Page

RECORD = """async () => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 160, height: 120 });
  const pen = canvas.getContext("2d");
  const recorder = new MediaRecorder(canvas.captureStream(15), { mimeType: "video/mp4" });
  const parts = [];
  recorder.ondataavailable = (event) => parts.push(event.data);
  let hue = 0;
  const drawing = setInterval(() => { hue += 40; pen.fillStyle = `hsl(${hue}, 80%, 50%)`; pen.fillRect(0, 0, 160, 120); }, 50);
  recorder.start();
  await new Promise((done) => setTimeout(done, 1200));
  const stopped = new Promise((done) => { recorder.onstop = done; });
  recorder.stop();
  await stopped;
  clearInterval(drawing);
  return Array.from(new Uint8Array(await new Blob(parts).arrayBuffer()));
}"""


def film(page: Page, path: Path, *, size: int = 0) -> Path:
    """Record a second of colours, and let the file be of this size; what fills it takes no room on the disk."""
    content = bytes(page.evaluate(RECORD))
    with path.open("wb") as file:
        file.write(content)
        if size:
            file.write((size - len(content)).to_bytes(4, "big") + b"free")
            file.truncate(size)
    return path
