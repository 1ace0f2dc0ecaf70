"use strict";
(async () => {
  const T = JSON.parse(document.getElementById("texts").textContent);
  const unpacked = async (id) => {
    const bytes = Uint8Array.from(atob(document.getElementById(id).textContent), (c) => c.charCodeAt(0));
    return JSON.parse(await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text());
  };
  const F = await unpacked("figures");
  const FILTERS = ["region", "channel", "segment"];
  const FILTERED_PAGES = new Set(["customers", "retention", "audiences"]);
  const UNKNOWN = "?";
  const MONEY = new Set(["net_revenue", "monetary", "amount", "average_order_value", "difference", "cost", "attributed_revenue", "incremental_revenue", "expected_value_365d"]);
  const SHARE = new Set(["share", "item_share", "revenue_share", "target_share", "retention_rate", "share_of_previous_step", "confidence", "repurchase_rate", "conversion_rate", "returning_buyer_rate", "coupon_redemption_rate", "lift_estimate", "lift_low", "lift_high", "roi"]);
  // Means and p-values are told apart by their third digit.
  const FINE = new Set(["mean", "difference_in_means", "ci_low", "ci_high", "p_value", "sample_ratio_p_value", "minimum_detectable_effect"]);
  const state = { language: "zh", theme: "light", page: "today", filters: {}, tables: new Set(), printing: false };
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
    if (FINE.has(name)) return number(value, 4);
    return number(value, MONEY.has(name) || name === "lift" ? 2 : Number.isInteger(value) ? 0 : 1);
  };
  const signed = (value, digits = 2) => (value > 0 ? "+" : "") + number(value, digits);

  // --- data --------------------------------------------------------------------------------

  const rowAt = (name, i) => Object.fromEntries(Object.keys(F[name]).map((column) => [column, F[name][column][i]]));
  const rowsOf = (name) => (Object.values(F[name])[0] || []).map((_, i) => rowAt(name, i));
  const isFiltered = () => Object.keys(state.filters).length > 0;
  // Rows of the selected groups of customers. A large shop has a million rows: only the selected ones are made.
  const selected = (name, without) => {
    const groups = F.groups, kept = new Set();
    groups.customer_group.forEach((group, i) => {
      if (FILTERS.every((filter) => filter === without || !state.filters[filter] || groups[filter][i] === state.filters[filter])) kept.add(group);
    });
    const rows = [];
    F[name].customer_group.forEach((group, i) => { if (kept.has(group)) rows.push(rowAt(name, i)); });
    return rows;
  };
  // The shop's own rows; with a filter, `measure` is that of the selected customers instead.
  const narrowed = (name, counts, keys, measure) => {
    const rows = rowsOf(name);
    if (!isFiltered()) return rows;
    const id = (row) => keys.map((key) => row[key]).join("\u0000");
    const counted = new Map(summed(selected(counts), keys, [measure]).map((row) => [id(row), row[measure]]));
    return rows.map((row) => ({ ...row, [measure]: counted.get(id(row)) || 0 }));
  };
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
    // A column of sentences is wide enough on a phone to be read, others as narrow as their words.
    const wordy = names.filter((name) => rows.some((row) => typeof row[name] === "string" && row[name].length > 40));
    const side = (name) => (numeric.includes(name) ? "n" : wordy.includes(name) ? "wordy" : "");
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
      // Each row of a chart of many bars keeps its name.
      box.style.minHeight = `${spec.height ?? 0}px`;
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
    animation: false, grid: { left: 8, right: 28, top: 36, bottom: 8, containLabel: true },
    tooltip: { trigger: "axis", confine: true }, aria: { enabled: true }, ...rest,
  });
  const categories = (values) => ({ type: "category", data: values, axisLabel: { hideOverlap: true } });
  const amounts = { type: "value", axisLabel: { hideOverlap: true, formatter: (value) => number(value, Number.isInteger(value) ? 0 : 1) } };
  const lines = (rows, x, measures, type = "line") => frame({
    legend: { show: measures.length > 1, top: 0 }, xAxis: categories(rows.map((r) => r[x])), yAxis: amounts,
    series: measures.map((m) => ({ name: text(m), type, showSymbol: false, data: rows.map((r) => r[m]) })),
  });
  const bars = (rows, key, measure, onclick) => frame({
    xAxis: amounts, yAxis: { ...categories(rows.map((r) => valueName(r[key]))), inverse: true, axisLabel: { width: 130, overflow: "break", formatter: (value) => value.replaceAll(" · ", "\n") } },
    series: [{ name: text(measure), type: "bar", data: rows.map((r) => ({ value: r[measure], key: r[key] })) }],
    onclick,
  });
  const grid = (xs, ys, cells, formatter, most) => frame({
    tooltip: { confine: true, formatter: (p) => `${ys[p.value[1]]} → ${xs[p.value[0]]}: ${formatter(p.value[2])}` },
    xAxis: { type: "category", data: xs, splitArea: { show: true }, axisLabel: xs.some((x) => String(x).length > 4) ? { interval: 0, rotate: 40 } : { hideOverlap: true } },
    yAxis: { type: "category", data: ys, splitArea: { show: true } },
    visualMap: { min: 0, max: most, show: false, inRange: { color: state.theme === "dark" ? ["#1b212a", "#2f6fd6", "#bcd6ff"] : ["#f4f8ff", "#7aa7ea", "#123f86"] } },
    series: [{ type: "heatmap", data: cells, label: { show: (innerWidth - 160) / xs.length > 44, formatter: (p) => formatter(p.value[2]), fontSize: 11 } }],
  });

  // A dot for each row with the line of its interval; hollow where nothing is proven.
  const dotted = (rows, key, measure, low, high, isProven) => frame({
    tooltip: { confine: true, formatter: (p) => `${rows[p.dataIndex][key]}: ${percent(rows[p.dataIndex][measure])} (${percent(rows[p.dataIndex][low])} – ${percent(rows[p.dataIndex][high])})` },
    xAxis: { type: "value", axisLabel: { hideOverlap: true, formatter: percent } }, yAxis: { ...categories(rows.map((r) => r[key])), inverse: true },
    series: [
      { type: "custom", silent: true, encode: { x: [0, 1], y: 2 }, data: rows.flatMap((r, i) => (r[low] == null ? [] : [[r[low], r[high], i]])),
        renderItem: (_, api) => {
          const [left, y] = api.coord([api.value(0), api.value(2)]), [right] = api.coord([api.value(1), api.value(2)]);
          return { type: "line", shape: { x1: left, y1: y, x2: right, y2: y }, style: { stroke: "#8a97a8", lineWidth: 2 } };
        } },
      { name: text(measure), type: "scatter", symbolSize: 11, data: rows.map((r, i) => ({ value: [r[measure], i], itemStyle: isProven(r) ? {} : { color: "transparent", borderColor: "#8a97a8", borderWidth: 2 } })) },
    ],
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
      const bySegment = summed(selected("rfm", "segment").map((row) => ({ ...row, segment: F.groups.segment[row.customer_group] })), ["segment"], ["customers", "monetary"]).sort(largest("customers"));
      const states = summed(selected("states"), ["state"], ["customers"]).sort(largest("customers"));
      const quadrants = summed(selected("quadrants"), ["quadrant"], ["customers", "monetary"]).sort(largest("customers"));
      const minds = summed(selected("psychologies"), ["psychology"], ["customers"]).sort(largest("customers"));
      const risks = summed(selected("churn_risks"), ["tenth"], ["customers", "expected_value_365d"]).sort(by("tenth"))
        .map((row) => ({ ...row, risk: `${row.tenth * 10}–${row.tenth * 10 + 10} %` }));
      const clusters = summed(selected("clusters").map((row) => ({ ...row, cluster: state.language === "zh" ? row.cluster_name_zh : row.cluster_name })), ["cluster"], ["customers"]).sort(largest("customers"));
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
        card({ key: "churn_risks", filtered: true, rows: risks, columns: ["risk", "customers", "expected_value_365d"],
          option: (rows) => frame({ xAxis: categories(rows.map((r) => r.risk)), yAxis: amounts, series: [{ name: text("customers"), type: "bar", data: rows.map((r) => r.customers) }] }) }),
        card({ key: "clusters", filtered: true, rows: clusters, columns: ["cluster", "customers"], option: (rows) => bars(rows, "cluster", "customers") }),
        card({ key: "months_customers", filtered: true, rows: months, columns: ["month", "customers", "new_customers"], option: (rows) => lines(rows, "month", ["customers", "new_customers"]) }),
        card({ key: "flow", wide: true, values: flow[0] ? { from: flow[0].from_date, to: flow[0].to_date } : {}, rows: flow, columns: ["from_value", "to_value", "customers"],
          option: (rows) => ({ animation: false, tooltip: { confine: true }, series: [{ type: "sankey", right: 110, lineStyle: { color: "source", opacity: 0.4 }, emphasis: { focus: "adjacency" },
            data: [...new Set(rows.flatMap((r) => [`0${r.from_value}`, `1${r.to_value}`]))].map((name) => ({ name })),
            label: { formatter: (p) => valueName(p.name.slice(1)) },
            links: rows.map((r) => ({ source: `0${r.from_value}`, target: `1${r.to_value}`, value: r.customers })) }] }) }),
        card({ key: "tags", wide: true, filtered: true, rows: narrowed("tags", "tag_groups", ["tag_code", "tag_value"], "customers").filter((row) => row.customers), columns: ["tag_group", state.language === "zh" ? "name_zh" : "name_en", "tag_value", "customers"] }),
      ];
    },

    retention() {
      const sizes = {}, cohorts = narrowed("cohorts", "cohort_groups", ["cohort", "month_number"], "active_customers");
      if (isFiltered()) {
        // Everybody in a cohort bought in its own month.
        for (const row of cohorts) if (row.month_number === 0) sizes[row.cohort] = row.active_customers;
        for (const row of cohorts) { row.cohort_size = sizes[row.cohort]; row.retention_rate = row.cohort_size ? row.active_customers / row.cohort_size : null; }
      }
      const funnel = narrowed("funnel", "funnel_groups", ["step"], "customers");
      if (isFiltered()) funnel.forEach((row, i) => { row.share_of_previous_step = i && funnel[i - 1].customers ? row.customers / funnel[i - 1].customers : null; });
      const intervals = summed(selected("intervals"), ["from_days"], ["customers"]).sort(by("from_days"));
      const names = [...new Set(cohorts.map((c) => c.cohort))], most = Math.max(0, ...cohorts.map((c) => c.month_number));
      const numbers = Array.from({ length: most + 1 }, (_, i) => String(i));
      const later = cohorts.filter((c) => c.month_number > 0);
      return [
        card({ key: "cohorts", wide: true, filtered: true, rows: cohorts, columns: ["cohort", "month_number", "cohort_size", "active_customers", "retention_rate"],
          option: () => grid(numbers, names, later.map((c) => [c.month_number, names.indexOf(c.cohort), c.retention_rate]), percent, Math.max(...later.map((c) => c.retention_rate), 0.01)) }),
        // Means and medians of a part of the customers do not follow from the groups.
        card({ key: "funnel", filtered: true, rows: funnel, columns: ["step", "customers", "share_of_previous_step", ...(isFiltered() ? [] : ["average_order_value", "median_days_to_next"])],
          option: (rows) => bars(rows.map((r) => ({ ...r, step: `≥ ${r.step}` })), "step", "customers") }),
        card({ key: "intervals", filtered: true, rows: intervals, columns: ["from_days", "customers"],
          option: (rows) => frame({ xAxis: categories(rows.map((r) => (r.from_days >= 360 ? "360+" : `${r.from_days}–${r.from_days + 14}`))), yAxis: amounts, series: [{ name: text("customers"), type: "bar", data: rows.map((r) => r.customers) }] }) }),
      ];
    },

    products() {
      const moves = rowsOf("transitions"), names = [...new Set(moves.flatMap((m) => [m.from_category, m.to_category]))].sort();
      return [
        card({ key: "price_bands", wide: true, rows: rowsOf("price_bands"), columns: ["band", "items", "item_share", "target_share", "revenue_share", "net_revenue", "customers"],
          option: (rows) => frame({ legend: { top: 0 }, xAxis: categories(rows.map((r) => r.band)), yAxis: { type: "value", axisLabel: { hideOverlap: true, formatter: percent } },
            tooltip: { trigger: "axis", confine: true, valueFormatter: percent },
            series: ["item_share", "target_share", "revenue_share"].filter((m) => rows.some((r) => r[m] != null)).map((m) => ({ name: columnName(m), type: "bar", data: rows.map((r) => r[m]) })) }) }),
        card({ key: "associations", wide: true, rows: rowsOf("associations"), columns: ["antecedent", "consequent", "baskets", "confidence", "lift"] }),
        card({ key: "transitions", wide: true, rows: moves, columns: ["from_category", "to_category", "transitions", "share"],
          option: (rows) => grid(names, names, rows.map((m) => [names.indexOf(m.to_category), names.indexOf(m.from_category), m.share]), percent, Math.max(...rows.map((m) => m.share))) }),
      ];
    },

    campaigns() {
      const all = rowsOf("campaigns"), compared = all.filter((row) => row.lift_estimate != null);
      const returning = all.filter((row) => row.returning_buyer_rate != null);
      const shares = rowsOf("attribution"), models = [...new Set(shares.map((row) => row.model))], names = [...new Set(shares.map((row) => row.campaign))];
      const earned = new Map(shares.map((row) => [`${row.campaign}\u0000${row.model}`, row.attributed_revenue]));
      return [
        tile("campaigns_running", number(all.filter((row) => row.status === "running").length)),
        tile("campaigns_proven", `${number(all.filter((row) => row.lift_finding === "proven").length)} / ${number(all.length)}`),
        card({ key: "campaign_lift", wide: true, rows: compared, height: compared.length * 24 + 60, columns: ["campaign", "reached", "conversion_rate", "lift_estimate", "lift_low", "lift_high", "lift_finding"],
          option: (rows) => dotted(rows, "campaign", "lift_estimate", "lift_low", "lift_high", (row) => row.lift_finding === "proven") }),
        card({ key: "campaigns", wide: true, rows: all, columns: ["campaign", "status", "start_date", "end_date", "reached", "opened", "clicked", "converted", "conversion_rate", "orders", "net_revenue", "cost", "roi", "coupon_redemption_rate"] }),
        card({ key: "returning_buyers", wide: true, rows: returning, height: returning.length * 18 + 60, columns: ["campaign", "reached", "returning_buyers", "returning_buyer_rate"],
          option: (rows) => ({ ...bars(rows, "campaign", "returning_buyer_rate"), xAxis: { type: "value", axisLabel: { hideOverlap: true, formatter: percent } } }) }),
        card({ key: "attribution", wide: true, height: names.length * models.length * 9, rows: shares, columns: ["campaign", "model", "attributed_revenue"],
          option: () => frame({ legend: { top: 0, type: "scroll" }, xAxis: amounts, yAxis: { ...categories(names), inverse: true },
            series: models.map((model) => ({ name: valueName(model), type: "bar", data: names.map((name) => earned.get(`${name}\u0000${model}`) ?? 0) })) }) }),
        card({ key: "campaign_segments", wide: true, rows: rowsOf("campaign_segments"), columns: ["campaign", "state", "reached", "conversion_rate", "lift_estimate", "lift_low", "lift_high", "lift_finding"] }),
        card({ key: "ab_tests", wide: true, rows: rowsOf("ab_tests"), columns: ["campaign", "metric", "variant", "units", "mean", "difference_in_means", "ci_low", "ci_high", "p_value", "sample_ratio_p_value", "minimum_detectable_effect"] }),
      ];
    },

    audiences() {
      const inChinese = state.language === "zh", own = (row, name) => (inChinese ? row[`${name}_zh`] : row[name]);
      const all = narrowed("audiences", "audience_groups", ["code"], "customers")
        .map((row) => ({ ...row, audience: inChinese ? row.name_zh : row.name_en, who: own(row, "rule"), action: own(row, "action") }));
      // How those who match came to be those who are written to; the groups know the last step alone.
      const steps = ["matched_customers", "opted_out_customers", "refunded_customers", "resting_customers", "later_customers", "outranked_customers", "customers", "holdout_customers"];
      return [
        card({ key: "audiences", wide: true, filtered: true, rows: all, columns: ["audience", "customers", "who", "action", "channel", "missing_inputs"], option: (rows) => bars(rows, "audience", "customers") }),
        card({ key: "audience_rules", wide: true, filtered: true, rows: all, columns: ["audience", "customers", "who", "action", "channel", "missing_inputs"] }),
        card({ key: "audience_steps", wide: true, rows: rowsOf("audiences").map((row) => ({ ...row, audience: inChinese ? row.name_zh : row.name_en })), columns: ["audience", ...steps] }),
        card({ key: "sending", wide: true, rows: rowsOf("sending"), columns: ["send_on", "messages"], option: (rows) => lines(rows, "send_on", ["messages"], "bar") }),
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
        card({ key: "watched_nights", rows: rowsOf("watched_nights"), columns: ["night", "watched_figures", "warning"],
          option: (rows) => lines([...rows].reverse(), "night", ["warning"], "bar") }),
        card({ key: "watched", rows: rowsOf("watched"), columns: ["night", "measure", "subject", "value_before", "value_now", "moved"] }),
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
    form.hidden = !FILTERED_PAGES.has(state.page);
    form.replaceChildren(...FILTERS.map((filter) => {
      const values = [...new Set(F.groups[filter])].sort();
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
    const shown = state.printing
      ? Object.keys(pages).flatMap((page) => [element("h2", { class: "chapter" }, text(`page_${page}`)), ...pages[page]()]) : pages[state.page]();
    document.getElementById("main").replaceChildren(...shown);
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
  window.addEventListener("beforeprint", () => { state.printing = true; draw(); });
  window.addEventListener("afterprint", () => { state.printing = false; draw(); });

  const open = (page) => { state.page = page in pages ? page : "today"; };
  state.language = recalled("language") || (navigator.language.startsWith("zh") ? "zh" : "en");
  state.theme = recalled("theme") || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  open(location.hash.slice(1));
  draw();
})();
