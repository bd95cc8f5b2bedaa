"use strict";
// Plotly's menus, buttons and sliders as controls of the page: a keyboard reaches them and a finger hits them. What is
// chosen in one of them, such as a network, a response or a layer, is chosen in every figure that offers it.
const reportControls = (() => {
  const picked = {};  // kind -> identifier
  const coarse = window.matchMedia("(pointer: coarse)").matches;
  let words, figures, say;  // set by page.js: words by language, all figures, what happens after a choice

  const of = layout => [...(layout.updatemenus || []), ...(layout.sliders || [])];
  const entries = control => control.buttons || control.steps;
  const active = control => control.active ?? 0;

  function put(node, path, value) {  // path as Plotly writes it: sliders[0].active
    const keys = path.split(/[.[\]]+/).filter(Boolean), last = keys.pop();
    keys.reduce((found, key) => found[key], node)[last] = value;
  }

  // What an entry says about sliders concerns the page, the rest the drawing
  function perform(figure, {method, args}) {
    const [data, layout, traces] = method === "update" ? args : method === "restyle" ? [args[0], {}, args[1]] : [{}, args[0]];
    const drawn = {};
    for (const [path, value] of Object.entries(layout || {})) {
      if (path.startsWith("sliders[")) put(figure.content.layout, path, value); else drawn[path] = value;
    }
    if (!Object.keys(drawn).length) return Plotly.restyle(figure.canvas, data, traces);
    return Object.keys(data).length ? Plotly.update(figure.canvas, data, drawn, traces) : Plotly.relayout(figure.canvas, drawn);
  }

  // Draw what is chosen, where that is not what the figure has at first
  async function restore(figure) {
    const controls = of(figure.content.layout), chosen = controls.map(active);
    for (const [i, control] of controls.entries()) {
      control.active = chosen[i];
      if (figure.moved.has(i) && control.visible !== false) await perform(figure, entries(control)[chosen[i]]);
      control.active = chosen[i];
    }
  }

  // Take over what was picked elsewhere; returns whether anything changed
  function adopt(figure) {
    figure.moved ??= new Set();
    let changed = false;
    for (const [i, control] of of(figure.content.layout).entries()) {
      if (!control.name) continue;
      const kinds = control.name.split("|"), own = (entries(control)[active(control)].name || "").split("|");
      const wanted = kinds.map((kind, at) => picked[kind] ?? own[at]).join("|");
      const found = entries(control).findIndex(entry => entry.name === wanted);
      if (found < 0 || found === active(control)) continue;
      control.active = found;
      figure.moved.add(i);
      changed = true;
    }
    return changed;
  }

  function choose(figure, control, index) {
    const entry = entries(control)[index];
    control.active = index;
    figure.moved.add(of(figure.content.layout).indexOf(control));
    const done = perform(figure, entry);
    if (control.name && entry.name) {
      const names = entry.name.split("|");
      control.name.split("|").forEach((kind, at) => { picked[kind] = names[at]; });
      spread(figure);
    }
    return done;
  }

  function pick(kind, name) {
    picked[kind] = name;
    spread();
  }

  function spread(but) {
    for (const figure of figures) if (figure !== but && figure.drawn && adopt(figure)) figure.changed();
    for (const select of document.querySelectorAll("#picker select")) {
      if (picked[select.dataset.kind]) select.value = picked[select.dataset.kind];
    }
    say();
  }

  function make(tag, attributes = {}, ...inside) {
    const element = Object.assign(document.createElement(tag), attributes);
    element.append(...inside);
    return element;
  }

  const plain = label => new DOMParser().parseFromString(label || "", "text/html").body.textContent;

  function named(control) {
    return control.name?.split("|").map(kind => words().picks[kind] ?? kind).join(", ") ?? words().choice;
  }

  function menu(figure, control) {
    const options = control.buttons.map((button, i) => make("option", {value: i, textContent: plain(button.label)}));
    const select = make("select", {ariaLabel: named(control)}, ...options);
    select.value = active(control);
    select.addEventListener("change", () => {
      const at = [...figure.place.querySelectorAll(".controls select")].indexOf(select);
      choose(figure, control, Number(select.value));
      show(figure);  // a choice may bring a slider of its own
      figure.place.querySelectorAll(".controls select")[at]?.focus();
    });
    return select;
  }

  function buttons(figure, control) {
    return make("span", {className: "buttons"}, ...control.buttons.map(one => {
      const button = make("button", {type: "button", textContent: plain(one.label)});
      button.addEventListener("click", () => perform(figure, one));
      return button;
    }));
  }

  function slider(figure, control) {
    const value = make("output"), last = control.steps.length - 1;
    const range = make("input", {type: "range", min: 0, max: last, value: active(control)});
    const tell = () => {
      value.textContent = plain(control.steps[active(control)].label);
      range.setAttribute("aria-valuetext", value.textContent);
    };
    let waiting = false;
    range.addEventListener("input", () => {  // as often as a screen shows it, however fast a finger moves
      control.active = Number(range.value);
      tell();
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => { waiting = false; choose(figure, control, active(control)); });
    });
    tell();
    return make("label", {className: "slider"}, plain(control.currentvalue?.prefix), range, value);
  }

  // On a touch screen a finger scrolls the page, until it is asked to turn or zoom
  function hands(figure) {
    const button = make("button", {type: "button", className: "hands", textContent: words().hands});
    button.setAttribute("aria-pressed", String(Boolean(figure.held)));
    button.addEventListener("click", () => {
      figure.held = !figure.held;
      button.setAttribute("aria-pressed", String(figure.held));
      figure.place.classList.toggle("held", figure.held);
      figure.changed();
    });
    return button;
  }

  function show(figure) {
    const {layout} = figure.content, found = [];
    for (const control of of(layout)) {
      if (control.visible === false) continue;
      if (control.steps) found.push(slider(figure, control));
      else found.push(control.type === "buttons" ? buttons(figure, control) : menu(figure, control));
    }
    if (coarse) found.push(hands(figure));
    figure.place.querySelector(".controls").replaceChildren(...found);
  }

  // The layout that Plotly draws: without what stands on the page, and, under a finger, without dragging
  function drawing(figure) {
    const {layout} = figure.content, cut = layout.meta?.cut, own = {...layout};
    for (const key of ["title", "updatemenus", "sliders"]) delete own[key];
    own.uirevision = "kept";
    if (cut && cut.title + cut.menus + cut.below) {
      const {title, menus, below} = cut, before = layout.height ?? 450;
      own.height = before - title - menus - below;
      own.margin = {...layout.margin, t: layout.margin.t - title - menus, b: layout.margin.b - below};
      for (const key of Object.keys(layout).filter(name => name.startsWith("coloraxis"))) {
        const bar = layout[key].colorbar;
        if (bar?.yref !== "container" || bar.y === undefined) continue;
        own[key] = {...layout[key], colorbar: {...bar, y: 1 - ((1 - bar.y) * before - title) / own.height}};
      }
      const lowered = one => one.name === "bar" ? {...one, yshift: one.yshift - menus} : one;
      if (layout.annotations) own.annotations = layout.annotations.map(lowered);
    }
    if (coarse && !figure.held) {
      own.dragmode = false;
      for (const key of Object.keys(layout).filter(name => name.startsWith("scene"))) own[key] = {...layout[key], dragmode: false};
    }
    return own;
  }

  function start(settings) {
    ({words, figures, say} = settings);
    for (const [kind, name] of new URLSearchParams(location.hash.split("&").slice(1).join("&"))) picked[kind] = name;
    for (const select of document.querySelectorAll("#picker select")) {
      const known = [...select.options].some(option => option.value === picked[select.dataset.kind]);
      if (known) select.value = picked[select.dataset.kind];
      select.addEventListener("change", () => pick(select.dataset.kind, select.value));
    }
  }

  const address = () => Object.entries(picked).map(([kind, name]) => `&${kind}=${encodeURIComponent(name)}`).join("");
  return {start, adopt, restore, show, drawing, address};
})();
