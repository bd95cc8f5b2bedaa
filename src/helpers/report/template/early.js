"use strict";
{ // before anything is seen: the language of the address (#lang=es, or a heading's #es-3), else of the last visit
  const asked = location.hash.match(/^#(?:lang=)?(es|en)(?:-\d+)?$/);
  let language = asked && asked[1];
  try { language ||= localStorage.getItem("language"); } catch { /* a file opened from disk may have no storage */ }
  if (["es", "en"].includes(language)) document.documentElement.lang = language;
  document.documentElement.classList.add("js");
}
