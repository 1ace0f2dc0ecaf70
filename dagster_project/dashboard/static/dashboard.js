"use strict";
(() => {
  const T = JSON.parse(document.getElementById("texts").textContent);
  const F = JSON.parse(document.getElementById("figures").textContent);
  const FILTERS = ["region", "channel", "segment"];
  const UNKNOWN = "?";
  const MONEY = new Set(["net_revenue", "monetary", "amount", "average_order_value", "difference"]);
  const SHARE = new Set(["share", "item_share", "revenue_share", "target_share", "retention_rate", "share_of_previous_step", "confidence", "repurchase_rate"]);
  const state = { language: "zh", theme: "light", page: "today", filters: {}, tables: new Set() };
  const charts = [];
  let pending = null;

  // --- words and numbers -------------------------------------------------------------------

  const text = (key, values = {}) => {
    const found = (T[key] || T.columns[key] || { zh: key, en: key })[state.language];
    return found.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  };
  const valueName = (value) => {
    if (value === UNKNOWN) return text("unknown");
    return T.values[value] ? T.values[value][state.language] : value;
  };
  const columnName = (name) => (T.columns[name] || T[name] || { zh: name, en: name })[state.language];
  const number = (value, digits = 0) => value == null ? "–" : Number(value).toLocaleString(
    state.language === "zh" ? "zh-CN" : "en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const percent = (value) => value == null ? "–" : `${number(value * 100, 1)}%`;
  const shown = (name, value) => {
    if (value == null) return "–";
    if (typeof value !== "number") return String(valueName(value));
    if (SHARE.has(name)) return percent(value);
    return number(value, MONEY.has(name) || name === "lift" ? 2 : Number.isInteger(value) ? 0 : 1);
  };
  const signed = (value, digits = 2) => (value > 0 ? "+" : "") + number(value, digits);

  // --- data --------------------------------------------------------------------------------

  const rowsOf = (name) => {
    const columns = F[name], names = Object.keys(columns);
    return (columns[names[0]] || []).map((_, i) => Object.fromEntries(names.map((n) => [n, columns[n][i]])));
  };
  const selected = (name, without) => rowsOf(name).filter((row) => FILTERS.every(
    (filter) => filter === without || !state.filters[filter] || row[filter] === state.filters[filter]));
  // Sums of `measures` by `keys`, in the order in which the keys first come.
  const summed = (rows, keys, measures) => {
    const groups = new Map();
    for (const row of rows) {
      const id = keys.map((key) => row[key]).join("\u0000");
      let group = groups.get(id);
      if (!group) groups.set(id, group = Object.fromEntries([...keys.map((k) => [k, row[k]]), ...measures.map((m) => [m, 0])]));
      for (const measure of measures) group[measure] += Number(row[measure] || 0);
    }
    return [...groups.values()];
  };
  const by = (key) => (a, b) => (a[key] < b[key] ? -1 : a[key] > b[key] ? 1 : 0);
  const largest = (key) => (a, b) => b[key] - a[key];

  // --- pieces of a page --------------------------------------------------------------------

  const element = (tag, attributes = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name === "class") made.className = value;
      else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else if (value != null) made.setAttribute(name, value);
    }
    made.append(...children.filter((child) => child != null));
    return made;
  };
  const meaningButton = (key) => T.meanings[key] ? element("button", {
    type: "button", "aria-label": `${text("meaning")}: ${text(key)}`,
    onclick: () => {
      const dialog = document.getElementById("meaning");
      dialog.querySelector("h2").textContent = text(key);
      dialog.querySelector("p").textContent = T.meanings[key][state.language];
      dialog.showModal();
    },
  }, text("meaning")) : null;

  const table = (rows, names) => {
    if (!rows.length) return element("p", { class: "note" }, text("nothing"));
    const numeric = names.filter((name) => rows.some((row) => typeof row[name] === "number"));
    const side = (name) => (numeric.includes(name) ? "n" : "");
    return element("div", { class: "scroll", tabindex: "0" }, element("table", {},
      element("thead", {}, element("tr", {}, ...names.map((n) => element("th", { scope: "col", class: side(n) }, columnName(n))))),
      element("tbody", {}, ...rows.map((row) => element("tr", {}, ...names.map((n) => element("td", { class: side(n) }, shown(n, row[n]))))))));
  };

  // `spec`: key of texts, rows and columns of its table, `option(rows)` of its chart (none: a table alone).
  const card = (spec) => {
    const asTable = !spec.option || state.tables.has(spec.key);
    const tools = element("span", { class: "tools" },
      spec.option ? element("button", {
        type: "button", "data-table": spec.key, "aria-pressed": String(asTable),
        onclick: () => { state.tables[state.tables.has(spec.key) ? "delete" : "add"](spec.key); draw(); },
      }, text(asTable ? "chart" : "table")) : null,
      meaningButton(spec.key));
    const body = element("section", { class: `card${spec.wide ? " wide" : ""}`, "data-figure": spec.key, "aria-label": text(spec.key, spec.values) },
      element("div", { class: "head" }, element("h2", {}, text(spec.key, spec.values)), tools),
      element("p", { class: "note" }, text(spec.filtered ? "filtered_note" : "whole_note")));
    if (asTable || !spec.rows.length) body.append(table(spec.rows, spec.columns));
    else {
      const box = element("div", { class: "chart", role: "img", "aria-label": text(spec.key, spec.values) });
      body.append(box);
      charts.push({ box, spec });
    }
    return body;
  };

  const tile = (key, value, note) => element("section", { class: "card tile", "data-figure": key },
    element("div", { class: "head" }, element("h2", {}, text(key)), element("span", { class: "tools" }, meaningButton(key))),
    element("p", { class: "number" }, value), element("p", { class: "note" }, note || ""));

  // --- charts ------------------------------------------------------------------------------

  const frame = (rest) => ({
    animation: false, grid: { left: 8, right: 16, top: 36, bottom: 8, containLabel: true },
    tooltip: { trigger: "axis", confine: true }, aria: { enabled: true }, ...rest,
  });
  const categories = (values) => ({ type: "category", data: values, axisLabel: { hideOverlap: true } });
  const amounts = { type: "value", axisLabel: { formatter: (value) => number(value, Number.isInteger(value) ? 0 : 1) } };
  const lines = (rows, x, measures, type = "line") => frame({
    legend: { show: measures.length > 1, top: 0 }, xAxis: categories(rows.map((r) => r[x])), yAxis: amounts,
    series: measures.map((m) => ({ name: text(m), type, showSymbol: false, data: rows.map((r) => r[m]) })),
  });
  const bars = (rows, key, measure, onclick) => frame({
    xAxis: amounts, yAxis: { ...categories(rows.map((r) => valueName(r[key]))), inverse: true },
    series: [{ name: text(measure), type: "bar", data: rows.map((r) => ({ value: r[measure], key: r[key] })) }],
    onclick,
  });
  const grid = (xs, ys, cells, formatter, most) => frame({
    tooltip: { confine: true, formatter: (p) => `${ys[p.value[1]]} → ${xs[p.value[0]]}: ${formatter(p.value[2])}` },
    xAxis: { type: "category", data: xs, splitArea: { show: true } }, yAxis: { type: "category", data: ys, splitArea: { show: true } },
    visualMap: { min: 0, max: most, show: false, inRange: { color: state.theme === "dark" ? ["#1b212a", "#2f6fd6", "#bcd6ff"] : ["#f4f8ff", "#7aa7ea", "#123f86"] } },
    series: [{ type: "heatmap", data: cells, label: { show: xs.length <= 14, formatter: (p) => formatter(p.value[2]), fontSize: 11 } }],
  });

  // --- pages -------------------------------------------------------------------------------

  const pages = {
    today() {
      const days = rowsOf("days"), [now, before] = days;
      if (!now) return [element("p", { class: "note" }, text("nothing"))];
      const tiles = [["net_revenue", 2], ["orders", 0], ["new_customers", 0], ["active_customers_1d", 0], ["active_customers_30d", 0], ["average_order_value", 2]]
        .map(([key, digits]) => tile(key, number(now[key], digits), before ? text("day_before", { value: number(before[key], digits) }) : ""));
      const cards = [];
      if (before) {
        const value = (day) => (day.orders ? day.net_revenue / day.orders : 0);
        // Without an order there is no order value: then all of the change is one of orders.
        const reference = before.orders ? value(before) : value(now);
        const byOrders = (now.orders - before.orders) * reference;
        const total = now.net_revenue - before.net_revenue;
        const corrections = rowsOf("corrections");
        cards.push(element("section", { class: "card wide", "data-figure": "why" },
          element("div", { class: "head" }, element("h2", {}, text("why")), element("span", { class: "tools" }, meaningButton("why"))),
          element("p", { class: total < 0 ? "bad" : "good" }, text("why_total", { before: number(before.net_revenue, 2), after: number(now.net_revenue, 2), difference: signed(total) })),
          element("ul", { class: "reasons" },
            element("li", {}, text("why_orders", { before: number(before.orders), after: number(now.orders), effect: signed(byOrders) })),
            element("li", {}, text("why_value", { before: number(value(before), 2), after: number(value(now), 2), effect: signed(total - byOrders) })),
            corrections.length ? element("li", {}, text("why_corrections", { days: new Set(corrections.map((c) => c.order_date)).size, difference: signed(corrections.reduce((sum, c) => sum + c.difference, 0)) })) : null)));
      }
      const series = days.slice().reverse();
      cards.push(card({ key: "daily", wide: true, rows: days, columns: ["date", "net_revenue", "orders", "average_order_value"], option: () => lines(series, "date", ["net_revenue"]) }));
      cards.push(card({ key: "daily_customers", wide: true, rows: days, columns: ["date", "new_customers", "active_customers_1d", "active_customers_30d"], option: () => lines(series, "date", ["new_customers", "active_customers_1d"]) }));
      return [...tiles, ...cards];
    },

    customers() {
      const months = summed(selected("months"), ["month"], ["orders", "net_revenue", "customers", "new_customers"]).sort(by("month"));
      const rfm = summed(selected("rfm"), ["r_score", "f_score"], ["customers", "monetary"]);
      const bySegment = summed(selected("rfm", "segment"), ["segment"], ["customers", "monetary"]).sort(largest("customers"));
      const states = summed(selected("states"), ["state"], ["customers"]).sort(largest("customers"));
      const quadrants = summed(selected("quadrants"), ["quadrant"], ["customers", "monetary"]).sort(largest("customers"));
      const minds = summed(selected("psychologies"), ["psychology"], ["customers"]).sort(largest("customers"));
      const flow = rowsOf("flow"), scores = ["1", "2", "3", "4", "5"];
      const total = states.reduce((sum, row) => sum + row.customers, 0);
      const known = rfm.reduce((sums, row) => [sums[0] + row.customers, sums[1] + row.monetary], [0, 0]);
      const pick = (p) => setFilter("segment", state.filters.segment === p.data.key ? "" : p.data.key);
      return [
        tile("customers", number(total)), tile("monetary", number(known[1], 2)),
        card({ key: "months", wide: true, filtered: true, rows: months, columns: ["month", "net_revenue", "orders"], option: (rows) => lines(rows, "month", ["net_revenue"], "bar") }),
        card({ key: "rfm", filtered: true, rows: rfm.sort((a, b) => a.r_score - b.r_score || a.f_score - b.f_score), columns: ["r_score", "f_score", "customers", "monetary"],
          option: (rows) => ({ ...grid(scores.map((s) => `F${s}`), scores.map((s) => `R${s}`), rows.map((r) => [r.f_score - 1, r.r_score - 1, r.customers]), (v) => number(v), Math.max(...rows.map((r) => r.customers))) }) }),
        card({ key: "segments", filtered: true, rows: bySegment, columns: ["segment", "customers", "monetary"], option: (rows) => bars(rows, "segment", "customers", pick) }),
        card({ key: "states", filtered: true, rows: states, columns: ["state", "customers"], option: (rows) => bars(rows, "state", "customers") }),
        card({ key: "quadrants", filtered: true, rows: quadrants, columns: ["quadrant", "customers", "monetary"], option: (rows) => bars(rows, "quadrant", "customers") }),
        card({ key: "psychologies", filtered: true, rows: minds, columns: ["psychology", "customers"], option: (rows) => bars(rows, "psychology", "customers") }),
        card({ key: "months_customers", filtered: true, rows: months, columns: ["month", "customers", "new_customers"], option: (rows) => lines(rows, "month", ["customers", "new_customers"]) }),
        card({ key: "flow", wide: true, values: flow[0] ? { from: flow[0].from_date, to: flow[0].to_date } : {}, rows: flow, columns: ["from_value", "to_value", "customers"],
          option: (rows) => ({ animation: false, tooltip: { confine: true }, series: [{ type: "sankey", right: 110, lineStyle: { color: "source", opacity: 0.4 }, emphasis: { focus: "adjacency" },
            data: [...new Set(rows.flatMap((r) => [`0${r.from_value}`, `1${r.to_value}`]))].map((name) => ({ name })),
            label: { formatter: (p) => valueName(p.name.slice(1)) },
            links: rows.map((r) => ({ source: `0${r.from_value}`, target: `1${r.to_value}`, value: r.customers })) }] }) }),
        card({ key: "tags", wide: true, rows: rowsOf("tags"), columns: ["tag_group", state.language === "zh" ? "name_zh" : "name_en", "tag_value", "customers"] }),
      ];
    },

    retention() {
      const cohorts = rowsOf("cohorts"), names = [...new Set(cohorts.map((c) => c.cohort))], most = Math.max(0, ...cohorts.map((c) => c.month_number));
      const numbers = Array.from({ length: most + 1 }, (_, i) => String(i));
      const later = cohorts.filter((c) => c.month_number > 0);
      return [
        card({ key: "cohorts", wide: true, rows: cohorts, columns: ["cohort", "month_number", "cohort_size", "active_customers", "retention_rate"],
          option: () => grid(numbers, names, later.map((c) => [c.month_number, names.indexOf(c.cohort), c.retention_rate]), percent, Math.max(...later.map((c) => c.retention_rate), 0.01)) }),
        card({ key: "funnel", rows: rowsOf("funnel"), columns: ["step", "customers", "share_of_previous_step", "average_order_value", "median_days_to_next"],
          option: (rows) => bars(rows.map((r) => ({ ...r, step: `≥ ${r.step}` })), "step", "customers") }),
        card({ key: "intervals", rows: rowsOf("intervals"), columns: ["from_days", "customers"],
          option: (rows) => frame({ xAxis: categories(rows.map((r) => (r.from_days >= 360 ? "360+" : `${r.from_days}–${r.from_days + 14}`))), yAxis: amounts, series: [{ name: text("customers"), type: "bar", data: rows.map((r) => r.customers) }] }) }),
      ];
    },

    products() {
      const moves = rowsOf("transitions"), names = [...new Set(moves.flatMap((m) => [m.from_category, m.to_category]))].sort();
      return [
        card({ key: "price_bands", wide: true, rows: rowsOf("price_bands"), columns: ["band", "items", "item_share", "target_share", "revenue_share", "net_revenue", "customers"],
          option: (rows) => frame({ legend: { top: 0 }, xAxis: categories(rows.map((r) => r.band)), yAxis: { type: "value", axisLabel: { formatter: percent } },
            tooltip: { trigger: "axis", confine: true, valueFormatter: percent },
            series: ["item_share", "target_share", "revenue_share"].filter((m) => rows.some((r) => r[m] != null)).map((m) => ({ name: columnName(m), type: "bar", data: rows.map((r) => r[m]) })) }) }),
        card({ key: "associations", wide: true, rows: rowsOf("associations"), columns: ["antecedent", "consequent", "baskets", "confidence", "lift"] }),
        card({ key: "transitions", wide: true, rows: moves, columns: ["from_category", "to_category", "transitions", "share"],
          option: (rows) => grid(names, names, rows.map((m) => [names.indexOf(m.to_category), names.indexOf(m.from_category), m.share]), percent, Math.max(...rows.map((m) => m.share))) }),
      ];
    },

    quality() {
      const steps = rowsOf("bridge").filter((s) => s.rows || s.amount), checks = rowsOf("checks").reverse();
      // Bars of a waterfall stand on an invisible one that ends where the step before left off.
      let level = 0;
      const heights = steps.map((s) => {
        if (["raw", "kept", "net_revenue"].includes(s.step)) { level = s.amount; return { base: 0, height: s.amount, total: true }; }
        const start = level; level += s.amount;
        return { base: Math.min(start, level), height: Math.abs(s.amount), down: s.amount < 0 };
      });
      return [
        card({ key: "bridge", wide: true, rows: steps, columns: ["step", "rows", "amount"],
          option: (rows) => frame({ xAxis: { ...categories(rows.map((r) => valueName(r.step))), axisLabel: { interval: 0, rotate: 30 } }, yAxis: amounts,
            tooltip: { trigger: "item", confine: true, formatter: (p) => `${valueName(rows[p.dataIndex].step)}: ${number(rows[p.dataIndex].amount, 2)}` },
            series: [{ type: "bar", stack: "all", silent: true, itemStyle: { color: "transparent" }, data: heights.map((h) => h.base) },
              { type: "bar", stack: "all", data: heights.map((h) => ({ value: h.height, itemStyle: { color: h.total ? "#1f5fbf" : h.down ? "#c25450" : "#3a9b6b" } })) }] }) }),
        card({ key: "dispositions", rows: rowsOf("dispositions"), columns: ["disposition", "rows", "amount", "example"] }),
        card({ key: "checks", rows: rowsOf("checks"), columns: ["checked_at", "rules", "critical", "warning", "info"],
          option: () => frame({ legend: { top: 0 }, xAxis: categories(checks.map((c) => c.checked_at)), yAxis: { ...amounts, minInterval: 1 },
            series: ["critical", "warning", "info"].map((m) => ({ name: columnName(m), type: "bar", stack: "all", data: checks.map((c) => c[m]) })) }) }),
        card({ key: "failed_checks", wide: true, rows: rowsOf("failed_checks"), columns: ["severity", "table_name", "rule", "unexpected_count", "reason"] }),
        card({ key: "corrections", wide: true, rows: rowsOf("corrections"), columns: ["order_date", "cause", "source_file", "orders", "difference"] }),
        card({ key: "files", wide: true, rows: rowsOf("files"), columns: ["source_file", "source", "status", "rows", "unreadable_rows", "loaded_at", "message"] }),
        card({ key: "marts", wide: true, rows: rowsOf("marts"), columns: ["mart", "rows", "missing_inputs"] }),
      ];
    },
  };

  // --- frame -------------------------------------------------------------------------------

  const setFilter = (name, value) => {
    if (value) state.filters[name] = value; else delete state.filters[name];
    draw();
  };

  const drawFrame = () => {
    document.documentElement.lang = state.language;
    document.documentElement.dataset.theme = state.theme;
    document.title = text("title");
    for (const node of document.querySelectorAll("[data-text]")) node.textContent = text(node.dataset.text);
    document.getElementById("language").textContent = text("other_language");
    document.getElementById("theme").textContent = text(state.theme === "dark" ? "to_light" : "to_dark");
    const mart = rowsOf("marts")[0] || {}, line = document.getElementById("state");
    line.textContent = text("state", { as_of: mart.as_of_date || "–", built: (mart.built_at || "–").slice(0, 16), freshness: mart.freshness ? text(mart.freshness) : "–" })
      + (mart.late_sources ? ` · ${text("late_sources", { sources: mart.late_sources })}` : "");
    line.className = mart.freshness === "stale" ? "stale" : "";
    document.getElementById("pages").replaceChildren(...Object.keys(pages).map((page) => element("button", {
      type: "button", role: "tab", "data-page": page, "aria-selected": String(page === state.page),
      onclick: () => { location.hash = page; },
    }, text(`page_${page}`))));
    const form = document.getElementById("filters");
    form.hidden = state.page !== "customers";
    form.replaceChildren(...FILTERS.map((filter) => {
      const values = [...new Set(rowsOf("states").map((row) => row[filter]))].sort();
      const select = element("select", { "data-filter": filter, onchange: (event) => setFilter(filter, event.target.value) },
        element("option", { value: "" }, text("all")), ...values.map((v) => element("option", { value: v }, valueName(v))));
      select.value = state.filters[filter] || "";
      return element("label", {}, text(filter), select);
    }), element("button", { type: "button", id: "reset", onclick: () => { state.filters = {}; draw(); } }, text("reset")));
  };

  const draw = () => {
    const focused = document.activeElement?.dataset ?? {}, [kind] = Object.keys(focused);
    while (charts.length) { const { chart } = charts.pop(); if (chart) chart.dispose(); }
    drawFrame();
    document.getElementById("main").replaceChildren(...pages[state.page]());
    for (const one of charts) {
      one.chart = echarts.init(one.box, state.theme === "dark" ? "dark" : null, { renderer: "canvas" });
      const { onclick, ...option } = one.spec.option(one.spec.rows);
      one.chart.setOption({ backgroundColor: "transparent", ...option });
      if (onclick) one.chart.on("click", onclick);
    }
    // Drawing replaced the element that had the keyboard.
    if (kind) document.querySelector(`[data-${kind}="${CSS.escape(focused[kind])}"]`)?.focus();
  };

  const remember = (key, value) => { try { localStorage.setItem(`dashboard-${key}`, value); } catch { /* a file may have no storage */ } };
  const recalled = (key) => { try { return localStorage.getItem(`dashboard-${key}`); } catch { return null; } };

  document.getElementById("language").addEventListener("click", () => { state.language = state.language === "zh" ? "en" : "zh"; remember("language", state.language); draw(); });
  document.getElementById("theme").addEventListener("click", () => { state.theme = state.theme === "dark" ? "light" : "dark"; remember("theme", state.theme); draw(); });
  document.getElementById("print").addEventListener("click", () => window.print());
  window.addEventListener("hashchange", () => { open(location.hash.slice(1)); draw(); window.scrollTo(0, 0); });
  window.addEventListener("resize", () => { clearTimeout(pending); pending = setTimeout(() => charts.forEach(({ chart }) => chart.resize()), 100); });
  window.addEventListener("beforeprint", () => charts.forEach(({ chart }) => chart.resize()));

  const open = (page) => { state.page = page in pages ? page : "today"; };
  state.language = recalled("language") || (navigator.language.startsWith("zh") ? "zh" : "en");
  state.theme = recalled("theme") || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  open(location.hash.slice(1));
  draw();
})();
