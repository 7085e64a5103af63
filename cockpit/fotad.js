/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The page: modules with their upgrades, past upgrades, and one of them in detail (#/job/ID). It is drawn anew after
 * each change of an object on the bus; nodes.js keeps what stays the same. */

import * as bus from "./bus.js";
import { alert, open_cancel, open_dismiss, open_retry, open_start, rights_hint } from "./dialogs.js";
import { h, update } from "./nodes.js";
import { _, clock, duration, error_of, exact_time, fill, log_kind, log_text, message, revisions, sentence, time, word }
    from "./words.js";

/* As many past upgrades are shown until all are asked for. */
const NEWEST = 10;

let may_act = true, all_shown = false, drawing = false;
const pictures = new Map(), logs = new Map();

/* Draws the page once after all changes of the moment. */
function redraw() {
    if (drawing)
        return;
    drawing = true;
    queueMicrotask(() => {
        drawing = false;
        update(document.getElementById("page"), h("div", {}, page()).childNodes);
    });
}

/* ---- what is fetched beside the properties: once more after each change of the job, one call at a time */

const version_of = job => [job.State, job.Percent, job.Restarts, job.Message, job.Source, job.ToRevision].join("\n");

function fetched(cache, job, fetch) {
    const entry = cache.get(job.path) ?? {};
    const version = version_of(job);

    cache.set(job.path, entry);
    if (entry.asked !== version && !entry.pending) {
        entry.asked = version;
        entry.pending = true;
        fetch(job).then(value => Object.assign(entry, { value, version, error: null }), error => {
            entry.error = error;
        }).then(() => {
            entry.pending = false;
            redraw();
        });
    }
    return entry;
}

/* ---- the timeline picture, drawn by fotactl */

/* Without its heading, its background and its style, which the page has. */
function parse_picture(text) {
    /* The style goes before the text is parsed: the content security policy would refuse it. */
    const plain = text.replace(/<style>.*?<\/style>/s, "");
    const svg = new DOMParser().parseFromString(plain, "image/svg+xml").documentElement;
    const title = svg.querySelector(".title"), width = svg.getAttribute("viewBox").split(" ")[2];

    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", _("The upgrade on a time axis"));
    title.nextElementSibling.remove();
    for (const node of [title, svg.querySelector("rect")])
        node.remove();
    const rows = [...svg.querySelectorAll("text")].map(text => Number(text.getAttribute("y")));
    const top = Math.min(...rows) - 16;

    svg.setAttribute("viewBox", `0 ${top} ${width} ${Math.max(...rows) + 8 - top}`);
    return document.importNode(svg, true);
}

function picture(job) {
    const { value, version } = fetched(pictures, job, () => bus.picture(job).then(parse_picture));

    return value && h("div", { class: "picture", "data-version": version, tabindex: "0" }, value.cloneNode(true));
}

/* ---- parts */

const place_of = job => bus.object_at(job.Module)?.Id ?? job.Module;
const button = (kind, text, onclick) => h("button", { class: kind, onclick }, text);
const label = (kind, text) => h("span", { class: `label ${kind}` }, text);
const facts = rows => h("dl", {}, rows.filter(([, value]) => value).map(([name, value]) =>
    h("div", {}, h("dt", {}, name), h("dd", {}, value))));
const job_link = job => h("a", { href: `#/job/${job.Id}`, onclick: event => {
    event.preventDefault();
    cockpit.location.go(["job", job.Id]);
} }, fill(_("Job %s"), job.Id));

const RESULT_KINDS = { success: "success", failed: "danger", cancelled: "warning" };

const is_running = job => job.State !== "finished";

function job_label(job) {
    if (!is_running(job))
        return label(RESULT_KINDS[job.Result] ?? "neutral", word(job.Result));
    return label(job.State === "stalled" ? "warning" : "info", word(job.State));
}

/* Dismiss is of use where nothing else is left, and beside the details of the job. */
function job_buttons(job, in_detail) {
    const place = place_of(job), is_last_resort = job.State === "stalled" || job.Origin === "adopted";

    return h("div", { class: "buttons" },
        job.State === "stalled" && button("primary", _("Retry"), () => open_retry(job)),
        job.Cancellable && button("secondary", _("Cancel upgrade"), () => open_cancel(job, place)),
        job.Dismissable && (in_detail || is_last_resort) &&
            button("secondary", _("Dismiss"), () => open_dismiss(job, place)));
}

function progress(job) {
    return [
        h("div", { class: "progress" },
            h("progress", { max: "100", value: String(job.Percent), "aria-label": fill(_("Job %s"), job.Id) }),
            h("span", {}, fill("%d %%", job.Percent))),
        job.Message && alert(job.State === "stalled" ? "warning" : "info",
            job.State === "stalled" ? _("The upgrade is stalled.") : _("The upgrade goes on."),
            h("p", {}, message(job, redraw))),
        job.State !== "stalled" &&
            h("p", { class: "help" }, _("Keep the module and the gateway powered until the upgrade ends.")),
    ];
}

const time_out = job => [_("Time-out"), job.Deadline > 0 && fill(_("waits until %s at most"), clock(job.Deadline))];

function running_job(job) {
    return h("section", { class: "job", "data-key": job.path },
        h("header", {}, h("h4", {}, job_link(job)), job_label(job)),
        progress(job),
        facts([[_("Expected revision"), job.ExpectedRevision], [_("Source"), job.Source], time_out(job),
            [_("Restarts"), job.Restarts > 0 && String(job.Restarts)]]),
        job_buttons(job), picture(job));
}

/* ---- the modules */

function module_label(module) {
    if (!module.Present)
        return label("neutral", _("absent"));
    return module.Problem ? label("danger", _("not ready")) : label("success", word(module.System));
}

function module_card(module) {
    const job = bus.object_at(module.Job);

    return h("article", { class: "card", "data-key": module.path },
        h("header", {}, h("h3", {}, module.Model || module.Id),
            h("span", { class: "place" }, module.Model && module.Id), !job && module_label(module)),
        facts([[_("Revision"), module.Revision], ["IMEI", module.Imei],
            [_("Flash"), module.FlashSize > 0 && `${module.FlashSize} MiB`],
            [_("Method"), module.Method !== "unknown" && module.Method],
            [_("Port"), module.Port.replace("/dev/", "")]]),
        module.Problem && alert("warning", _("The module cannot be used now"), h("p", {}, sentence(module.Problem))),
        job ? running_job(job) : h("div", { class: "buttons" },
            h("button", { class: "primary", disabled: !module.Present, onclick: () => open_start(module) },
                _("Upgrade …"))));
}

/* Jobs that no module shows: it is away, or elsewhere. */
function other_jobs() {
    const shown = bus.modules().map(module => module.Job);
    const others = bus.jobs().filter(job => is_running(job) && !shown.includes(job.path));

    return others.map(job => h("article", { class: "card", "data-key": `other ${job.path}` },
        h("header", {}, h("h3", {}, place_of(job))), running_job(job)));
}

/* ---- past upgrades */

function history_row(job) {
    const cell = (name, ...children) => h("td", { "data-label": name }, h("span", {}, ...children));

    return h("tr", { "data-key": job.path }, cell(_("Job"), job_link(job)), cell(_("Module"), place_of(job)),
        cell(_("Revision"), revisions(job)), cell(_("Result"), job_label(job), job.ErrorName && ` ${job.ErrorName}`),
        cell(_("Finished"), time(job.Finished)), cell(_("Duration"), duration(job)),
        cell(_("Source"), job.Source));
}

function history() {
    const past = bus.jobs().filter(job => !is_running(job)).sort((a, b) => b.Finished - a.Finished);
    const heads = [_("Job"), _("Module"), _("Revision"), _("Result"), _("Finished"), _("Duration"), _("Source")];

    return h("section", { class: "card" }, h("h2", {}, _("Past upgrades")),
        past.length === 0 && h("p", { class: "empty" }, _("No upgrade has ended yet.")),
        past.length > 0 && h("table", { class: "history" },
            h("thead", {}, h("tr", {}, heads.map(head => h("th", { scope: "col" }, head)))),
            h("tbody", {}, past.slice(0, all_shown ? past.length : NEWEST).map(history_row))),
        past.length > NEWEST && !all_shown && button("link", fill(_("Show all %d"), past.length), () => {
            all_shown = true;
            redraw();
        }));
}

function overview() {
    const modules = bus.modules();

    return [
        h("h1", {}, _("Module firmware")),
        !may_act && alert("info", _("You can view upgrades, but not start, cancel or retry them."),
            h("p", {}, rights_hint())),
        h("div", { class: "cards" }, modules.map(module_card), other_jobs(),
            modules.length === 0 && h("article", { class: "card empty" }, h("h3", {}, _("No module is known.")),
                h("p", {}, _("Modules appear here when they are plugged in, or when fotad.conf names their UARTs.")))),
        history(),
    ];
}

/* ---- a job in detail */

function log_lines(job, lines) {
    return h("table", { class: "log" }, h("tbody", {}, lines.map(([when, kind, text]) =>
        h("tr", { class: kind }, h("td", {}, exact_time(when)), h("td", {}, log_kind(kind)),
            h("td", {}, log_text(job, kind, text, redraw))))));
}

function job_log(job) {
    const { value, error } = fetched(logs, job, bus.log);

    if (!value)
        return error && alert("warning", _("The log cannot be read"), h("p", {}, sentence(error.message)));
    return h("div", { class: "lines", tabindex: "0" },
        value.length > 0 && log_lines(job, value),
        value.length === 0 &&
            h("p", { class: "empty" }, _("This upgrade has no log: it was begun with an earlier fotad.")));
}

function job_result(job) {
    const titles = { success: _("The upgrade succeeded"), failed: _("The upgrade failed"),
        cancelled: _("The upgrade was cancelled") };

    return alert(RESULT_KINDS[job.Result] ?? "info", titles[job.Result] ?? job.Result,
        h("p", {}, message(job, redraw)));
}

function job_detail(job) {
    const module = bus.object_at(job.Module);

    return [
        h("nav", { "aria-label": _("Module firmware") }, h("a", { href: "#/", onclick: event => {
            event.preventDefault();
            cockpit.location.go([]);
        } }, `‹ ${_("Module firmware")}`)),
        h("header", { class: "heading" }, h("h1", {}, fill(_("Job %s"), job.Id)), job_label(job)),
        h("section", { class: "card" },
            is_running(job) ? progress(job) : job_result(job),
            facts([[_("Module"), [module?.Model, place_of(job)].filter(text => text).join(" ")],
                [_("Source"), job.Source], [_("Method"), job.Method],
                [_("Origin"), job.Origin === "adopted" && _("adopted: it was found under way")],
                [_("Revision"), revisions(job)], [_("Error"), error_of(job)], time_out(job),
                [_("Restarts"), job.Restarts > 0 && String(job.Restarts)],
                [_("Created"), time(job.Created)], [_("Finished"), time(job.Finished)],
                [_("Duration"), !is_running(job) && duration(job)], [_("Request id"), job.RequestId]]),
            job_buttons(job, true), picture(job)),
        h("section", { class: "card" }, h("h2", {}, _("Log")), job_log(job)),
    ];
}

/* ---- the page */

function page() {
    const [kind, id] = cockpit.location.path;

    if (bus.service === "connecting")
        return [h("p", { class: "busy" }, _("Connecting to fotad …"))];
    if (bus.service === "absent")
        return [alert("danger", _("fotad is not running"), h("p", {}, _("Look at \"systemctl status fotad\".")),
            h("button", { class: "link", onclick: () => bus.connect(redraw) }, _("Try again")))];
    if (kind === "job") {
        const job = bus.job_of_id(id);

        return job ? job_detail(job) : [alert("warning", fill(_("There is no job %s."), id)), ...overview()];
    }
    return overview();
}

/* Cockpit's light or dark style, which its shell tells. */
function set_style(style) {
    const wanted = style ?? localStorage.getItem("shell:style") ?? "auto";
    const dark = wanted === "dark" || (wanted === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);

    document.documentElement.classList.toggle("dark", dark);
}

window.addEventListener("storage", event => event.key === "shell:style" && set_style());
window.addEventListener("cockpit-style", event => set_style(event.detail.style));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => set_style());
set_style();

document.documentElement.lang = cockpit.language.replace("_", "-");
document.title = _("Module firmware");
cockpit.addEventListener("locationchanged", redraw);
bus.connect(redraw);
bus.await_rights(may => {
    may_act = may;
    redraw();
});
