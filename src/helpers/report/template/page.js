"use strict";
(() => {
  const root = document.documentElement;
  const words = JSON.parse(document.getElementById("words").textContent);
  const languages = Object.keys(words);
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const wide = window.matchMedia("(min-width: 700px)").matches;  // on a phone the buttons would cover the figure
  const narrow = window.matchMedia("(max-width: 599px)");  // as in style.css
  const PAPER = {width: 680, ink: "#1b1f24"};  // px and colour of a printed figure
  const locales = Object.fromEntries(languages.map(language => [language, {dictionary: words[language].plotly, format: {}}]));
  const figures = [...document.querySelectorAll("figure.plot")].map(place => ({
    place, canvas: place.querySelector(".canvas"), drawn: false,
    get content() { return this.parsed ??= JSON.parse(unpacked(place.querySelector("script").textContent)); },
    changed() { refresh(this); },
  }));

  const keep = (name, value) => { try { localStorage.setItem(name, value); } catch { /* the address keeps the language */ } };
  const said = () => words[root.lang];

  const config = () => ({
    responsive: true, displayModeBar: wide ? "hover" : false, displaylogo: false, showSendToCloud: false,
    modeBarButtonsToRemove: ["lasso2d", "select2d", "autoScale2d"], locale: root.lang, locales,
    toImageButtonOptions: {format: "svg"},
  });

  // A figure's words are at paths in its data and layout; its numbers are the same in all languages
  function put(content, path, value) {
    const last = path[path.length - 1];
    path.slice(0, -1).reduce((node, key) => node[key], content)[last] = value;
  }

  function speak(figure, ink) {
    const layout = figure.content.layout;
    for (const [path, value] of layout.meta?.words?.[root.lang] || []) put(figure.content, path, value);
    for (const [path, value] of layout.meta?.sizes?.[narrow.matches ? "narrow" : "wide"] || []) put(figure.content, path, value);
    layout.separators = said().separators;
    layout.font = {...layout.font, color: ink || getComputedStyle(root).color};
    figure.canvas.setAttribute("aria-label", (layout.title?.text || "").replace(/<[^>]*>/g, " ").trim());
  }

  // Plotly is most of what this page weighs: it is unpacked when the first figure is about to be seen, or printed
  function plotly() {
    if (!window.Plotly) {
      const script = document.createElement("script");
      script.textContent = unpacked(document.getElementById("plotly").textContent);
      document.head.append(script);
      document.getElementById("plotly").remove();
    }
    return Plotly;
  }

  function draw(figure, ink, width) {
    if (figure.failed) return;
    figure.drawn = true;
    figure.stale = false;
    try {
      speak(figure, ink);
      reportControls.adopt(figure);
      const layout = {...reportControls.drawing(figure), ...(width && {width})};
      figure.canvas.style.height = `${layout.height ?? 450}px`;
      plotly().react(figure.canvas, figure.content.data, layout, config())
        .then(() => reportControls.restore(figure))
        .then(() => { for (const button of figure.canvas.querySelectorAll(".modebar-btn")) button.tabIndex = -1; })
        .catch(error => fail(figure, error));
      reportControls.show(figure);
      if (figure.content.layout.meta?.sounds && !figure.heard) {
        figure.heard = true;
        figure.canvas.on("plotly_click", event => play(event.points[0].id));
      }
    } catch (error) { fail(figure, error); }
  }

  function fail(figure, error) {
    figure.failed = true;
    figure.place.classList.add("undrawn");
    console.error(error);
  }

  // A sound is an address embedded in the page, or none; its name is shown while it plays, for screen readers too
  let sounds, audio;
  function play(name) {
    const place = document.getElementById("sounds");
    if (!place) return;  // they come last
    sounds ??= JSON.parse(place.textContent);
    if (!sounds[name]) return;
    audio ??= new Audio();
    audio.src = sounds[name];
    window.reportAudio = audio;
    document.getElementById("player").textContent = `${said().playing}: ${name}`;
    audio.addEventListener("ended", () => { document.getElementById("player").textContent = ""; }, {once: true});
    audio.play().catch(() => {});  // a browser may refuse before the page was touched
  }

  // What is in view is drawn anew at once, what is a screen away when there is time, the rest when it comes into view
  const away = figure => {
    const {top, bottom} = figure.place.getBoundingClientRect();
    return Math.max(top - innerHeight, -bottom, 0);
  };

  const idle = window.requestIdleCallback || (then => setTimeout(then, 50));
  let later = false;
  function refresh(figure) {
    if (!figure.drawn) return;
    if (!away(figure)) { draw(figure); return; }
    figure.stale = true;
    if (later) return;
    later = true;
    idle(function next() {
      const waiting = figures.find(one => one.stale && away(one) < innerHeight);
      if (waiting) { draw(waiting); idle(next); } else later = false;
    });
  }

  function redraw() {
    figures.forEach(refresh);
    document.querySelectorAll("details.numbers[open]").forEach(tabled);
  }

  // The heading being read; its twin in the other language has the same number
  const headings = () => [...document.querySelectorAll("main :is(h2, h3, h4)[id]")].filter(heading => heading.offsetParent);
  const reading = () => headings().filter(heading => heading.getBoundingClientRect().top < innerHeight / 2).pop();

  const ANCHOR = /^#(?:lang=)?(es|en)(-[\w-]+)?(?=&|$)/;
  function addressed(place) { history.replaceState(null, "", `#${place}${reportControls.address()}`); }

  function choose(language) {
    root.lang = language;
    document.title = said().title;
    keep("language", language);
    redraw();
  }

  function turn() {
    const other = languages.find(language => language !== root.lang);
    const heading = reading(), before = heading?.getBoundingClientRect().top;
    const [, , place] = location.hash.match(ANCHOR) || [];
    root.lang = other;
    const twin = heading && document.getElementById(heading.id.replace(/^\w\w/, other));
    if (twin) scrollBy({top: twin.getBoundingClientRect().top - before, behavior: "instant"});
    choose(other);
    addressed(place ? `${other}${place}` : `lang=${other}`);
  }

  // An address may lead into the appendix, which is folded
  function moved() {
    const [anchor] = location.hash.slice(1).split("&");
    const [, language, place] = location.hash.match(ANCHOR) || [];
    if (language && language !== root.lang) choose(language);
    const target = (place || !language) && document.getElementById(anchor);
    if (!target) return;
    for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    target.scrollIntoView();
  }

  function follow() {
    const current = reading();
    for (const link of document.querySelectorAll("nav a[aria-current]")) link.removeAttribute("aria-current");
    const link = current && document.querySelector(`nav a[href="#${current.id}"]`);
    if (!link) return;
    link.setAttribute("aria-current", "true");
    const list = document.querySelector("nav"), {top, bottom} = link.getBoundingClientRect();
    if (top < 0 || bottom > innerHeight) list.scrollTop += top - innerHeight / 2;
  }

  function table(event) {
    const figure = figures.find(one => one.place.contains(event.currentTarget));
    event.currentTarget.href = URL.createObjectURL(new Blob([figure.content.layout.meta.table], {type: "text/csv"}));
  }

  // The picture has the title that the page writes above it
  async function picture(event) {
    event.preventDefault();
    const link = event.currentTarget, figure = figures.find(one => one.place.contains(link));
    const layout = {...figure.canvas.layout, title: figure.content.layout.title, dragmode: undefined};
    const cut = figure.content.layout.meta?.cut, ink = PAPER.ink;
    if (cut?.title) {
      layout.height += cut.title;
      layout.margin = {...layout.margin, t: layout.margin.t + cut.title};
    }
    const drawn = {data: figure.canvas.data, layout: {...layout, font: {...layout.font, color: ink}, paper_bgcolor: "#ffffff"}};
    const size = {width: figure.canvas.clientWidth, height: layout.height};
    await plotly().downloadImage(drawn, {format: "svg", filename: figure.place.id, ...size});
  }

  // The same numbers as a table, built when it is opened and rebuilt when the language changes
  function tabled(place) {
    const figure = figures.find(one => one.place.contains(place));
    const {table, text} = figure.content.layout.meta;
    place.querySelector(".table").replaceChildren(reportTable(table, said(), text));
  }

  function watch() {
    const watcher = new IntersectionObserver(entries => {
      for (const entry of entries) {
        const figure = figures.find(one => one.place === entry.target);
        if (entry.isIntersecting && (!figure.drawn || figure.stale)) draw(figure);
      }
    }, {rootMargin: "100%"});  // a screen ahead: on a slow machine the first figure waits for Plotly
    for (const figure of figures) watcher.observe(figure.place);
  }

  function print(printing) {
    const text = "details:is(.chapter, .diagnostic, .more, :has(> .table > .words))";  // tables of words are text
    for (const fold of document.querySelectorAll(text)) {
      if (printing) { fold.dataset.was = fold.open; fold.open = true; } else fold.open = fold.dataset.was === "true";
    }
    for (const figure of figures) {
      if (printing || figure.drawn) draw(figure, printing ? PAPER.ink : "", printing ? PAPER.width : undefined);
    }
  }

  function themed(theme) {
    if (theme === "system") delete root.dataset.theme; else root.dataset.theme = theme;
    keep("theme", theme);
    redraw();
  }

  reportControls.start({words: said, figures, say: () => addressed(location.hash.slice(1).split("&")[0])});
  choose(root.lang);
  if (!location.hash) addressed(`lang=${root.lang}`);
  document.getElementById("language").addEventListener("click", turn);
  const code = document.getElementById("code");
  code.setAttribute("aria-pressed", String(root.classList.contains("with-code")));
  code.addEventListener("click", () => {
    const shown = root.classList.toggle("with-code");
    code.setAttribute("aria-pressed", String(shown));
    keep("code", shown ? "shown" : "folded");
  });
  const themes = document.querySelectorAll("select.theme");  // one in each language
  for (const select of themes) {
    select.value = root.dataset.theme ?? "system";
    select.addEventListener("change", () => {
      for (const other of themes) other.value = select.value;
      themed(select.value);
    });
  }
  const contents = document.getElementById("contents");
  const opened = open => { contents.setAttribute("aria-expanded", String(root.classList.toggle("with-contents", open))); };
  contents.addEventListener("click", () => opened());
  document.querySelector("nav").addEventListener("click", event => { if (event.target.matches("a")) opened(false); });
  document.addEventListener("keydown", event => { if (event.key === "Escape") opened(false); });
  for (const button of document.querySelectorAll("button[data-sound]")) {
    button.addEventListener("click", () => play(button.dataset.sound));
  }
  for (const link of document.querySelectorAll("a.csv")) link.addEventListener("click", table);
  for (const link of document.querySelectorAll("a.svg")) link.addEventListener("click", picture);
  for (const place of document.querySelectorAll("details.numbers")) {
    place.addEventListener("toggle", () => { if (place.open) tabled(place); });
  }
  for (const one of document.querySelectorAll("main table.numbers")) {
    const language = one.closest("[lang]").lang;
    if (one.tHead) reportTable.still(one, (words[language] ?? said()).separators);
  }
  const bar = document.querySelector(".bar");
  new ResizeObserver(() => root.style.setProperty("--bar", `${bar.getBoundingClientRect().height}px`)).observe(bar);
  let following = false;
  window.addEventListener("scroll", () => {
    if (following) return;
    following = true;
    setTimeout(() => { following = false; follow(); }, 150);
  }, {passive: true});
  window.addEventListener("hashchange", moved);
  window.addEventListener("beforeprint", () => print(true));
  window.addEventListener("afterprint", () => print(false));
  for (const change of [dark, narrow]) change.addEventListener("change", redraw);
  window.reportFigures = figures;
  window.reportStart = () => { moved(); follow(); watch(); };  // once Plotly, packed, is there: it follows this script
})();
