"""The explorable page in headless Chromium, at three widths, in light and dark."""

import json
import re
import shutil
import subprocess

import pytest

from glint_data.dataset import manifest
from glint_data.reports import explorer, write_report

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

PROBE = """<script>
window.addEventListener("load", () => setTimeout(() => {
  const out = {};
  out.tiles = document.querySelectorAll("#tiles .tile").length;
  out.overflow = document.documentElement.scrollWidth - window.innerWidth;
  const numbers = [...document.querySelectorAll(".tile b, .cells td")];
  out.broken = numbers.filter((e) => { const r = document.createRange(); r.selectNodeContents(e);
    return new Set([...r.getClientRects()].map((box) => Math.round(box.top))).size > 1; }).length;
  out.width = window.innerWidth;
  out.more = getComputedStyle(document.querySelector("#more")).display;
  const captions = [...document.querySelectorAll("#tiles .tile .text")].map((e) => e.innerText);
  out.network = captions.filter((text) => text.includes("network 0.25")).length;
  out.dark = getComputedStyle(document.body).backgroundColor;
  document.querySelector('select[name="level"]').value = "5";
  document.querySelector(".controls").dispatchEvent(new Event("input"));
  out.filtered = document.querySelectorAll("#tiles .tile").length;
  document.querySelector('select[name="sort"]').value = "mos";
  document.querySelector(".controls").dispatchEvent(new Event("input"));
  document.querySelector("#tiles .tile").click();
  setTimeout(() => {
    out.first = document.querySelector("#viewer-name").textContent;
    out.natural = document.querySelector("#after").naturalWidth;
    document.querySelector("#viewer").dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
    setTimeout(() => {
      out.second = document.querySelector("#viewer-name").textContent;
      const stage = document.querySelector("#stage");  // of a large photo the slider divides what can be seen
      document.querySelector("#after").style.width = "3000px";
      stage.scrollLeft = 1000;
      stage.dispatchEvent(new Event("scroll"));
      const cut = parseFloat(document.querySelector("#canvas").style.getPropertyValue("--cut"));
      out.aside = cut - 1000 - stage.clientWidth / 2;
      document.body.setAttribute("data-found", JSON.stringify(out));
    }, 300);
  }, 300);
}, 300));
</script></body>"""


@pytest.mark.browser
@pytest.mark.skipif(BROWSER is None, reason="no Chromium found: apt-get install chromium")
@pytest.mark.parametrize(
    ("width", "in_files", "dark"),
    [(390, False, True), (390, True, False), (768, False, False), (1280, True, True)],
)
def test_in_a_browser(made, tmp_path, monkeypatch, width, in_files, dark):
    folder = tmp_path / "copy"
    shutil.copytree(made / "real", folder)
    if in_files:
        monkeypatch.setattr(explorer, "ONE_FILE", 1000)
    scores = tmp_path / "scores.csv"
    scores.write_text(f"sample_id,score\n{manifest.read(folder)['sample_id'].iloc[0]},0.25\n")
    page = write_report(folder, predictions=scores)
    # a window is never narrower than 500 pixels there: the page stands in a frame of its own, and tells it
    page.write_text(
        page.read_text().replace("</body>", PROBE.replace("document.body.set", "parent.document.body.set"))
    )
    frame = folder / "frame.html"
    frame.write_text(
        f'<body><iframe src="{page.name}" style="border:0;width:{width}px;height:900px"></iframe></body>'
    )
    command = [
        *(BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
        f"--user-data-dir={tmp_path / 'profile'}",
        *("--allow-file-access-from-files", f"--blink-settings=preferredColorScheme={0 if dark else 1}"),
        *("--window-size=1400,900", "--virtual-time-budget=8000", "--dump-dom", frame.as_uri()),
    ]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    record = json.loads(re.search(r'data-found="([^"]*)"', shown)[1].replace("&quot;", '"'))
    worst = manifest.read(folder).query("level == 5").sort_values("mos")["sample_id"].tolist()
    assert record["width"] == width
    assert record["dark"] == ("rgb(19, 26, 38)" if dark else "rgb(244, 246, 249)")
    assert record["tiles"] == 12 and record["filtered"] == 4
    assert record["more"] == "none", "all are shown"
    assert record["network"] == 1
    assert (record["first"], record["second"]) == tuple(worst[:2])
    assert record["natural"] == 240  # the worst is of the cup, 240 pixels wide, shown at 1:1
    assert record["broken"] == 0 and abs(record["aside"]) < 1
    assert record["overflow"] <= 0
