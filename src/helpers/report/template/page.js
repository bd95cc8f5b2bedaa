"use strict";
(() => {
  const root = document.documentElement;
  const words = JSON.parse(document.getElementById("words").textContent);
  const languages = Object.keys(words);
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const wide = window.matchMedia("(min-width: 700px)").matches;  // on a phone the buttons would cover the title
  const narrow = window.matchMedia("(max-width: 599px)");  // as in style.css
  const PAPER = {width: 680, ink: "#1b1f24"};  // px and colour of a printed figure
  const locales = Object.fromEntries(languages.map(language => [language, {dictionary: words[language].plotly, format: {}}]));
  const figures = [...document.querySelectorAll("figure.plot")].map(place => ({
    place, canvas: place.querySelector(".canvas"), drawn: false,
    get content() { return this.parsed ??= JSON.parse(unpacked(place.querySelector("script").textContent)); },
  }));

  const config = () => ({
    responsive: true, displayModeBar: wide ? "hover" : false, displaylogo: false, showSendToCloud: false,
    modeBarButtonsToRemove: ["lasso2d", "select2d", "autoScale2d"], locale: root.lang, locales,
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
    layout.separators = words[root.lang].separators;
    layout.font = {...layout.font, color: ink || getComputedStyle(root).getPropertyValue("--ink").trim()};
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

  function draw(figure, ink) {
    if (figure.failed) return;
    figure.drawn = true;
    try {
      speak(figure, ink);
      plotly().react(figure.canvas, figure.content.data, figure.content.layout, config()).catch(error => fail(figure, error));
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
    sounds ??= JSON.parse(document.getElementById("sounds").textContent);
    if (!sounds[name]) return;
    audio ??= new Audio();
    audio.src = sounds[name];
    window.reportAudio = audio;
    document.getElementById("player").textContent = `${words[root.lang].playing}: ${name}`;
    audio.addEventListener("ended", () => { document.getElementById("player").textContent = ""; }, {once: true});
    audio.play().catch(() => {});  // a browser may refuse before the page was touched
  }

  function redraw() {
    for (const figure of figures) if (figure.drawn) draw(figure);
    document.querySelectorAll("details.numbers[open]").forEach(tabled);
  }

  // The heading being read; its twin in the other language has the same number
  function reading() {
    const shown = [...document.querySelectorAll("main :is(h2, h3, h4)[id]")].filter(heading => heading.offsetParent);
    return shown.filter(heading => heading.getBoundingClientRect().top < innerHeight / 2).pop();
  }

  function choose(language) {
    root.lang = language;
    document.title = words[language].title;
    try { localStorage.setItem("language", language); } catch { /* the address keeps it */ }
    redraw();
  }

  function turn() {
    const other = languages.find(language => language !== root.lang);
    const heading = reading(), before = heading?.getBoundingClientRect().top;
    const place = location.hash.match(/^#(?:es|en)-(\d+)$/);
    choose(other);
    history.replaceState(null, "", place ? `#${other}-${place[1]}` : `#lang=${other}`);
    const twin = heading && document.getElementById(heading.id.replace(/^\w+/, other));
    if (twin) scrollBy({top: twin.getBoundingClientRect().top - before, behavior: "instant"});
  }

  function moved() {
    const asked = location.hash.match(/^#(?:lang=)?(es|en)(?:-\d+)?$/);
    if (!asked || asked[1] === root.lang) return;
    choose(asked[1]);
    document.getElementById(location.hash.slice(1))?.scrollIntoView();
  }

  function table(event) {
    const figure = figures.find(one => one.place.contains(event.currentTarget));
    event.currentTarget.href = URL.createObjectURL(new Blob([figure.content.layout.meta.table], {type: "text/csv"}));
  }

  // The same numbers as a table, built when it is opened and rebuilt when the language changes
  function tabled(place) {
    const figure = figures.find(one => one.place.contains(place));
    const {table, text} = figure.content.layout.meta;
    place.querySelector(".table").replaceChildren(reportTable(table, words[root.lang], text));
  }

  function watch() {
    const watcher = new IntersectionObserver(entries => {
      for (const entry of entries) {
        const figure = figures.find(one => one.place === entry.target);
        if (entry.isIntersecting && !figure.drawn) draw(figure);
      }
    }, {rootMargin: "100%"});  // a screen ahead: on a slow machine the first figure waits for Plotly
    for (const figure of figures) watcher.observe(figure.place);
  }

  function print(printing) {
    for (const figure of figures) {
      if (printing) figure.content.layout.width = PAPER.width; else delete figure.content.layout.width;
      if (printing || figure.drawn) draw(figure, printing ? PAPER.ink : "");
    }
  }

  choose(root.lang);
  if (!location.hash) history.replaceState(null, "", `#lang=${root.lang}`);
  document.getElementById("language").addEventListener("click", turn);
  document.getElementById("code").addEventListener("click", event => {
    event.currentTarget.setAttribute("aria-pressed", String(root.classList.toggle("with-code")));
  });
  const mute = document.getElementById("sounds").textContent.trim() === "{}";
  root.classList.toggle("mute", mute);
  for (const button of document.querySelectorAll("button[data-sound]")) {
    button.addEventListener("click", () => play(button.dataset.sound));
  }
  for (const link of document.querySelectorAll("a[download]")) link.addEventListener("click", table);
  for (const place of document.querySelectorAll("details.numbers")) {
    place.addEventListener("toggle", () => { if (place.open) tabled(place); });
  }
  window.addEventListener("hashchange", moved);
  window.addEventListener("beforeprint", () => print(true));
  window.addEventListener("afterprint", () => print(false));
  for (const change of [dark, narrow]) change.addEventListener("change", redraw);
  document.addEventListener("DOMContentLoaded", watch);  // by then Plotly, packed, is there: it follows this script
  window.reportFigures = figures;
})();
