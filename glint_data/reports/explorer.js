// The explorable part of the report. No server and no fetch: pages opened from disk may not. Data stands in
// window.REPORT; where a photo's part lies beside the page, its script calls window.REPORT_PART(number, part).
(function () {
  "use strict";
  const data = window.REPORT;
  if (!data) return;
  const byId = (id) => document.getElementById(id);
  const form = document.querySelector(".controls");
  const PAGE = 240;
  const parts = data.parts;
  const photoOf = new Uint32Array(data.ids.length);
  data.photos.forEach(([, first, end], number) => photoOf.fill(number, first, end));
  const waiting = new Map();

  window.REPORT_PART = function (number, part) {
    Object.assign(parts[number], part, { script: null });
    (waiting.get(number) || []).forEach((call) => call(parts[number]));
    waiting.delete(number);
  };

  function withPart(number, call) {
    const part = parts[number];
    if (!part.script) return call(part);
    if (waiting.has(number)) return waiting.get(number).push(call);
    waiting.set(number, [call]);
    const script = document.createElement("script");
    script.src = part.script;
    document.head.append(script);
  }

  function title(row) {
    const suite = data.suites[data.suite[row]];
    const names = data.types[suite] || {};
    const type = data.type[row];
    return type === null ? "" : names[type] || "type " + type;
  }
  const number = (value) => (value === null || value === undefined ? "–" : value.toFixed(2));
  const width = (row) => (data.low[row] === null || data.high[row] === null ? -1 : data.high[row] - data.low[row]);
  const score = (row) => (data.score ? data.score[row] : null);
  const apart = (row) =>
    score(row) === null || data.mos[row] === null ? -1 : Math.abs(score(row) - data.mos[row]);

  function caption(row) {
    const level = data.level[row] === null ? "" : " " + data.level[row];
    const label = data.mos[row] === null ? "no label" : number(data.mos[row]);
    const wide = width(row) >= 0 ? " (" + number(data.low[row]) + "–" + number(data.high[row]) + ")" : "";
    return [title(row) + level, label + wide];
  }

  // ---- tiles
  const lazy = new IntersectionObserver(
    (entries) =>
      entries.forEach((entry) => {
        if (!entry.isIntersecting) return;
        lazy.unobserve(entry.target);
        entry.target.draw();
      }),
    { rootMargin: "400px" }
  );

  function tile(row, list, crop) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "tile";
    const picture = document.createElement("span");
    picture.className = "picture";
    const [name, label] = caption(row);
    const text = document.createElement("span");
    text.className = "text";
    const first = document.createElement("b");
    first.textContent = label;
    text.append(name || data.ids[row], document.createElement("br"), first);
    if (score(row) !== null) text.append(document.createElement("br"), "network " + number(score(row)));
    button.append(picture, text);
    button.title = data.ids[row] + (data.note[row] >= 0 ? ": " + data.notes[data.note[row]] : "");
    if (data.note[row] >= 0) button.classList.add("noted");
    button.addEventListener("click", () => open(row, list));
    button.draw = () => (crop ? drawCrop(picture, row) : drawTile(picture, row));
    lazy.observe(button);
    return button;
  }

  function drawTile(picture, row) {
    const part = parts[photoOf[row]];
    const sheet = part[form.elements.view.value];
    const index = row - data.photos[photoOf[row]][1];
    if (!sheet || (part.errors && part.errors[index])) return missing(picture, part, index);
    const [w, h] = data.tile;
    picture.style.backgroundImage = 'url("' + sheet + '")';
    picture.style.backgroundPosition = -w * (index % data.columns) + "px " + -h * Math.floor(index / data.columns) + "px";
  }

  function missing(picture, part, index) {
    picture.classList.add("missing");
    picture.textContent = (part.errors && part.errors[index] && "cannot be shown") || "not drawn";
    if (part.errors && part.errors[index]) picture.title = part.errors[index];
  }

  function drawCrop(picture, row) {
    withPart(photoOf[row], (part) => {
      const crops = part.crops && part.crops[data.ids[row]];
      if (!crops) return missing(picture, part, row - data.photos[photoOf[row]][1]);
      picture.style.backgroundImage = 'url("' + crops[1] + '")';
    });
  }

  // ---- sorting and filtering
  let chosen = [];
  let shown = 0;

  function choose() {
    const value = (name) => form.elements[name].value;
    const photo = value("photo") === "" ? -1 : +value("photo");
    const [suite, type] = value("type") === "" ? [-1, -1] : value("type").split(":").map(Number);
    const level = value("level") === "" ? -1 : +value("level");
    const least = +value("least"), most = +value("most"), wide = +value("width");
    const note = value("note");
    chosen = [];
    for (let row = 0; row < data.ids.length; row++) {
      if (photo >= 0 && photoOf[row] !== photo) continue;
      if (type >= 0 && (data.suite[row] !== suite || data.type[row] !== type)) continue;
      if (level >= 0 && data.level[row] !== level) continue;
      const mos = data.mos[row];
      if (mos === null ? least > 0 || most < 1 : mos < least || mos > most) continue;
      if (wide > 0 && width(row) < wide) continue;
      if (note === "any" ? data.note[row] < 0 : note !== "" && data.note[row] !== +note) continue;
      chosen.push(row);
    }
    const by = value("sort"), sign = by[0] === "-" ? -1 : 1;
    const key = { mos: (r) => (data.mos[r] === null ? sign * 9 : data.mos[r]), width, type: (r) => data.type[r] || 0,
      level: (r) => data.level[r] || 0, apart }[by.replace("-", "")];
    if (key) chosen.sort((a, b) => sign * (key(a) - key(b)) || a - b);
    byId("count").textContent = chosen.length.toLocaleString("en") + " of " + data.ids.length.toLocaleString("en") + " samples";
    byId("tiles").replaceChildren();
    shown = 0;
    more();
  }

  function more() {
    const next = chosen.slice(shown, shown + PAGE);
    byId("tiles").append(...next.map((row) => tile(row, chosen, false)));
    shown += next.length;
    byId("more").hidden = shown >= chosen.length;
  }

  function option(select, value, text) {
    const made = document.createElement("option");
    made.value = value;
    made.textContent = text;
    form.elements[select].append(made);
  }
  data.photos.forEach(([name], index) => option("photo", index, name));
  const types = new Map();
  data.type.forEach((type, row) => type !== null && types.set(data.suite[row] + ":" + type, title(row)));
  [...types].sort((a, b) => a[0].localeCompare(b[0], "en", { numeric: true }))
    .forEach(([value, text]) => option("type", value, value.split(":")[1] + " " + text));
  [...new Set(data.level)].filter((l) => l !== null).sort((a, b) => a - b).forEach((l) => option("level", l, l));
  data.notes.forEach((text, index) => option("note", index, text));
  if (!data.score) form.querySelector('option[value="-apart"]').remove();
  form.addEventListener("input", choose);
  byId("more").addEventListener("click", more);
  document.querySelectorAll("[data-list]").forEach((box) => {
    const rows = data.lists[+box.dataset.list][2];
    box.append(...rows.map((row) => tile(row, rows, true)));
  });

  // ---- one sample beside its photo
  const viewer = byId("viewer"), before = byId("before"), after = byId("after");
  let list = [], place = 0;

  function open(row, rows) {
    list = rows;
    place = rows.indexOf(row);
    if (!viewer.open) viewer.showModal();
    show();
  }

  function step(by) {
    place = (place + by + list.length) % list.length;
    show();
  }

  function show() {
    const row = list[place];
    withPart(photoOf[row], (part) => row === list[place] && fill(row, part));
  }

  function fill(row, part) {
    const index = row - data.photos[photoOf[row]][1];
    const details = part.details[index];
    const crops = part.crops && part.crops[data.ids[row]];
    const note = byId("viewer-note");
    byId("viewer-name").textContent = data.ids[row];
    note.textContent = "";
    const images = details.path ? [details.reference || null, details.path] : crops || [null, null];
    place1(before, images[0]);
    place1(after, images[1]);
    viewer.classList.toggle("alone", !images[0]);
    if (!images[1]) note.textContent = (part.errors && part.errors[index]) ||
      "This sample is a recipe: its pixels are not on disk. 'glint-data materialize' renders it.";
    else if (!details.path && crops) note.textContent = "The part where it differs most, at " + part.corners[data.ids[row]].join(", ") + ".";
    after.onerror = () => {
      if (crops && after.getAttribute("src") !== crops[1]) { place1(before, crops[0]); place1(after, crops[1]); }
      else note.textContent = details.path + " is not beside this page: open the page in its dataset's folder.";
    };
    const corner = part.places && part.places[index];
    after.onload = () => {
      byId("slider").style.maxWidth = after.naturalWidth + 8 + "px";
      if (corner && details.path) byId("stage").scrollTo(corner[0] - 60, corner[1] - 60);
      slide();
    };
    facts(row, details);
    mode(viewer.dataset.mode || "slider");
  }

  function place1(image, address) {
    image.hidden = !address;
    if (address) image.src = address; else image.removeAttribute("src");
  }

  function facts(row, d) {
    const strength = d.strength === undefined ? "" : ", strength " + +d.strength.toPrecision(6);
    const label = data.mos[row] === null ? "none" :
      number(data.mos[row]) + (d.std === undefined ? "" : " ± " + number(d.std)) + ", on 0 to 1, higher is better" +
      (width(row) >= 0 ? "; 90\u00a0% interval " + number(data.low[row]) + " to " + number(data.high[row]) : "");
    const lines = {
      Distortion: (title(row) || d.name || "none") + (data.level[row] === null ? "" : ", level " + data.level[row]) + strength,
      Label: label,
      Network: score(row) === null ? null : number(score(row)),
      "Labelled by": d.method ? d.method + (d.set ? " from " + d.set : "") : null,
      Resembles: d.like ? d.like.map(([name, like]) => name + (like === null ? "" : " (" + number(like) + ")")).join(", ") : null,
      Evidence: data.evidence[data.ids[row]] || (d.like ? "'glint-data explain' takes this label apart" : null),
      Note: data.note[row] >= 0 ? data.notes[data.note[row]] : null,
      Photo: data.photos[photoOf[row]][0] + (d.size ? ", " + d.size + " pixels" : ""),
      Recipe: d.seed === undefined ? null : "seed " + d.seed + (d.drawn ? ", drawn " + d.drawn : ""),
    };
    const box = byId("viewer-facts");
    box.replaceChildren();
    Object.entries(lines).forEach(([name, text]) => {
      if (!text) return;
      const dt = document.createElement("dt"), dd = document.createElement("dd");
      dt.textContent = name;
      [].concat(text).forEach((line, index) => dd.append(...(index ? [document.createElement("br")] : []), line));
      box.append(dt, dd);
    });
  }

  function mode(name) {
    viewer.dataset.mode = name;
    viewer.querySelectorAll("[data-mode]").forEach((b) => b.setAttribute("aria-pressed", b.dataset.mode === name));
    slide();
  }
  function visible() {  // where the part of the picture that can be seen begins, and how wide it is
    const stage = byId("stage");
    return [stage.scrollLeft, Math.min(stage.clientWidth, byId("canvas").clientWidth)];
  }
  function slide() {
    const [left, wide] = visible();
    byId("canvas").style.setProperty("--cut", left + (wide * byId("slider").value) / 100 + "px");
  }
  viewer.querySelectorAll(".modes [data-mode]").forEach((b) => b.addEventListener("click", () => mode(b.dataset.mode)));
  viewer.querySelectorAll("[data-step]").forEach((b) => b.addEventListener("click", () => step(+b.dataset.step)));
  byId("viewer-close").addEventListener("click", () => viewer.close());
  byId("slider").addEventListener("input", slide);
  byId("stage").addEventListener("scroll", slide);
  window.addEventListener("resize", slide);
  const drag = (event) => {  // on the picture itself, too
    if (!event.buttons || viewer.dataset.mode !== "slider") return;
    const [left, wide] = visible(), from = byId("canvas").getBoundingClientRect().left + left;
    byId("slider").value = (100 * (event.clientX - from)) / wide;
    slide();
    event.preventDefault();
  };
  ["pointerdown", "pointermove"].forEach((name) => byId("canvas").addEventListener(name, drag));
  viewer.addEventListener("keydown", (event) => {
    const onSlider = event.target.id === "slider";
    if (!onSlider && event.key === "ArrowRight") step(1);
    else if (!onSlider && event.key === "ArrowLeft") step(-1);
    else if (event.key === "ArrowDown") step(1);
    else if (event.key === "ArrowUp") step(-1);
    else {
      const name = { s: "slider", p: "photo", m: "sample", d: "difference" }[event.key];
      if (name) mode(name);
      return;
    }
    event.preventDefault();
  });
  choose();
})();
