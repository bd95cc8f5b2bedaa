"use strict";
(() => {
  const root = document.documentElement;
  const languages = ["es", "en"];
  const titles = JSON.parse(document.getElementById("titles").textContent);
  const wide = window.matchMedia("(min-width: 700px)").matches;  // on a phone the buttons would cover the title
  const config = {responsive: true, displayModeBar: wide ? "hover" : false, displaylogo: false, showSendToCloud: false,
                  modeBarButtonsToRemove: ["lasso2d", "select2d", "autoScale2d"]};
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const figures = [...document.querySelectorAll("figure.plot")].map(place => ({
    place, canvas: place.querySelector(".canvas"), drawn: false,
    content: JSON.parse(place.querySelector("script").textContent),
  }));

  function asked() {
    const match = location.hash.match(/lang=(es|en)/);
    if (match) return match[1];
    try { return localStorage.getItem("language"); } catch { return null; }  // a file opened from disk may have none
  }

  function put(content, path, value) {
    const last = path[path.length - 1];
    path.slice(0, -1).reduce((node, key) => node[key], content)[last] = value;
  }

  function speak(figure) {
    const meta = figure.content.layout.meta || {};
    const language = root.lang;
    for (const [path, value] of (meta.words || {})[language] || []) put(figure.content, path, value);
    figure.content.layout.separators = language === "es" ? ",." : ".,";
    figure.content.layout.font = {...figure.content.layout.font, color: getComputedStyle(root).getPropertyValue("--ink").trim()};
    figure.canvas.setAttribute("aria-label", (meta.alt || {})[language] || "");
  }

  function draw(figure) {
    speak(figure);
    figure.drawn = true;
    return Plotly.react(figure.canvas, figure.content.data, figure.content.layout, config);
  }

  function redraw() { for (const figure of figures) if (figure.drawn) draw(figure); }

  function contents() {
    const list = document.getElementById("contents");
    list.replaceChildren();
    for (const heading of document.querySelectorAll("main h1")) {
      if (heading.offsetParent === null) continue;
      const link = document.createElement("a");
      link.href = "#" + heading.id;
      link.textContent = heading.firstChild.textContent;
      link.addEventListener("click", event => { event.preventDefault(); heading.scrollIntoView(); });
      const item = document.createElement("li");
      item.append(link);
      list.append(item);
    }
  }

  function choose(language) {
    root.lang = language;
    document.title = titles[language];
    try { localStorage.setItem("language", language); } catch { /* the address keeps it */ }
    history.replaceState(null, "", "#lang=" + language);
    contents();
    redraw();
  }

  function downloads() {
    for (const figure of figures) {
      const table = (figure.content.layout.meta || {}).table;
      if (!table) continue;
      const link = document.createElement("a");
      link.href = "data:text/csv;charset=utf-8," + encodeURIComponent(table);
      link.download = figure.place.id + ".csv";
      link.textContent = "CSV ↓";
      const line = document.createElement("p");
      line.className = "download";
      line.append(link);
      figure.place.append(line);
    }
  }

  document.getElementById("language").addEventListener("click",
    () => choose(languages.find(language => language !== root.lang)));
  document.getElementById("code").addEventListener("click", event => {
    const shown = root.classList.toggle("with-code");
    event.currentTarget.setAttribute("aria-pressed", String(shown));
  });
  window.addEventListener("hashchange", () => { const language = asked(); if (language && language !== root.lang) choose(language); });
  dark.addEventListener("change", redraw);
  downloads();
  choose(languages.includes(asked()) ? asked() : root.lang);
  const watcher = new IntersectionObserver(entries => {
    for (const entry of entries) {
      const figure = figures.find(one => one.place === entry.target);
      if (entry.isIntersecting && !figure.drawn) draw(figure);
    }
  }, {rootMargin: "400px"});
  for (const figure of figures) watcher.observe(figure.place);
  window.addEventListener("beforeprint", () => { for (const figure of figures) if (!figure.drawn) draw(figure); });
  window.reportFigures = figures;
})();
