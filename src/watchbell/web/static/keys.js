// Keyboard on lists: "/" goes to the search, "j" and "k" walk the rows, Enter opens one (as links do).
// Every page works without this file.
(function () {
  "use strict";

  function isTyping(target) {
    return target.closest("input, textarea, select, [contenteditable]") !== null;
  }

  function walk(step) {
    const rows = Array.from(document.querySelectorAll("a.row-link, .work .deed a"));
    if (rows.length === 0) {
      return;
    }
    const current = rows.indexOf(document.activeElement);
    const next = current === -1 ? (step > 0 ? 0 : rows.length - 1) : current + step;
    rows[Math.min(Math.max(next, 0), rows.length - 1)].focus();
  }

  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) {
      return;
    }
    if (event.key === "j" || event.key === "k") {
      walk(event.key === "j" ? 1 : -1);
    } else if (event.key === "/") {
      const search = document.querySelector("input[type=search]");
      if (search !== null) {
        event.preventDefault();
        search.focus();
      }
    }
  });

  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape") {
      document.querySelectorAll("details.menu[open]").forEach(function (menu) {
        menu.open = false;
        menu.querySelector("summary").focus();
      });
    }
  });

  document.addEventListener("click", function (event) {
    document.querySelectorAll("details.menu[open]").forEach(function (menu) {
      if (!menu.contains(event.target)) {
        menu.open = false;
      }
    });
  });
})();
