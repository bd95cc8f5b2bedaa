"use strict";
{ // before anything is seen: the language of the address (#lang=es, or a heading's #es-03_components-2), else of the
  // last visit, as are light or dark and whether code is shown
  const root = document.documentElement;
  const kept = name => { try { return localStorage.getItem(name); } catch { return null; /* opened from disk, it may have none */ } };
  const asked = location.hash.match(/^#(?:lang=)?(es|en)(?=[-&]|$)/);
  const language = asked ? asked[1] : kept("language");
  if (["es", "en"].includes(language)) root.lang = language;
  if (["light", "dark"].includes(kept("theme"))) root.dataset.theme = kept("theme");
  root.classList.add("js");
  root.classList.toggle("with-code", kept("code") === "shown");
}
