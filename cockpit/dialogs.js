/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The dialogs: start, check, retry, cancel, dismiss. Each closes when its call was accepted, and shows a refusal. */

import * as bus from "./bus.js";
import { h } from "./nodes.js";
import { _, fill, ngettext, sentence, word } from "./words.js";

const DENIED = ["org.freedesktop.DBus.Error.AccessDenied",
    "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired"];

export const alert = (kind, title, ...body) =>
    h("div", { class: `alert ${kind}`, role: kind === "danger" ? "alert" : null }, h("strong", {}, title), ...body);

function refusal(error) {
    const denied = DENIED.includes(error.name) || error.problem === "access-denied";

    return alert("danger", _("The request was refused"),
        h("p", {}, sentence(error.message || error.problem || String(error))),
        denied && h("p", {}, rights_hint()));
}

export const rights_hint = () => _("Turn on administrative access at the top of this window, or have an " +
    "administrator add you to the group fotad.");

/* Opens a dialog. actions: [label, class, function that returns a promise, or null to close]; Enter is the first of them.
 * The function gets show(), which shows its nodes in the dialog, and returns "stay" if the dialog is not to close. While a primary action runs,
 * the dialog cannot be closed: closing would not take the call back. */
function open(title, body, actions) {
    const answer = h("div", { class: "answer", "aria-live": "polite" });
    let acting = false;

    const dialog = h("dialog", { "aria-label": title, onclose: () => dialog.remove(),
        oncancel: event => acting && event.preventDefault() });
    const show = (...nodes) => {
        answer.replaceChildren(...nodes);
        answer.scrollIntoView({ block: "nearest" });
    };
    const buttons = actions.map(([label, kind, act], i) => h("button", {
        type: i === 0 ? "submit" : "button", class: kind, autofocus: act === null,
        onclick: i > 0 && (() => act ? run(kind, act) : dialog.close()),
    }, label));

    async function run(kind, act) {
        acting = kind !== "secondary";
        for (const [i, button] of buttons.entries())
            button.disabled = acting || actions[i][2] !== null;
        try {
            if (await act(show) !== "stay")
                dialog.close();
        } catch (error) {
            show(refusal(error));
        }
        acting = false;
        for (const button of buttons)
            button.disabled = false;
    }

    dialog.append(h("form", { novalidate: true, onsubmit: event => {
        event.preventDefault();
        run(actions[0][1], actions[0][2]);
    } }, h("h2", {}, title), h("div", { class: "body" }, body, answer), h("footer", {}, buttons)));
    document.getElementById("dialogs").append(dialog);
    dialog.showModal();
    return dialog;
}

const close = () => [_("Close"), "link", null];

/* ---- check */

/* The prefixes are those of org.fotad1.Manager.Check. */
function outcome([, holds, finding, remedy]) {
    if (!holds)
        return remedy.startsWith("advice: ") ? "warning" : "danger";
    return /^not (asked|known): /.test(finding) ? "unjudged" : "success";
}

const MARKS = { danger: "✗", warning: "!", unjudged: "–", success: "✓" };

function rule(row) {
    const [name, , finding, remedy] = row, kind = outcome(row);

    return h("li", { class: kind }, h("span", { class: "mark", "aria-hidden": true }, MARKS[kind]),
        h("div", {}, h("code", {}, name), h("span", {}, ` ${sentence(finding)}`),
            kind !== "success" && remedy && h("p", { class: "remedy" }, sentence(remedy))));
}

function verdict(n) {
    if (n.danger)
        return ngettext("An upgrade would be refused or fail: %u rule does not hold.",
                        "An upgrade would be refused or fail: %u rules do not hold.", n.danger);
    if (n.warning)
        return ngettext("An upgrade can be begun, with %u piece of advice.",
                        "An upgrade can be begun, with %u pieces of advice.", n.warning);
    return _("An upgrade can be begun.");
}

function check_results(rows, source) {
    const of = kind => rows.filter(row => outcome(row) === kind);
    const n = Object.fromEntries(Object.keys(MARKS).map(kind => [kind, of(kind).length]));
    const holds = of("success");

    return [
        alert(n.danger ? "danger" : n.warning ? "warning" : "success", verdict(n),
            n.unjudged > 0 && h("p", {}, ngettext("%u rule was not judged.", "%u rules were not judged.", n.unjudged)),
            !source && h("p", {}, _("No package was checked, only the module."))),
        h("ul", { class: "rules" }, ["danger", "warning", "unjudged"].map(kind => of(kind).map(rule))),
        holds.length > 0 && h("details", {},
            h("summary", {}, ngettext("%u rule holds", "%u rules hold", holds.length)),
            h("ul", { class: "rules" }, holds.map(rule))),
    ].filter(node => node);
}

/* ---- start */

const field = (label, input, help) => h("label", { class: "field" }, h("span", { class: "name" }, label), input,
    help && h("span", { class: "help" }, help));

export function open_start(module) {
    const url = h("input", { name: "url", type: "text", required: true, spellcheck: "false", autocomplete: "off",
        placeholder: "http://" });
    const path = h("input", { name: "path", type: "text", required: true, pattern: "/.*", spellcheck: "false",
        autocomplete: "off", placeholder: "/" });
    const upload = h("input", { name: "upload", type: "file", required: true });
    const expect = h("input", { name: "expect", type: "text", spellcheck: "false", autocomplete: "off" });
    const ask = h("input", { name: "ask", type: "checkbox" });
    const mini = module.Method === "minifota";
    const url_help = mini ? _("The module downloads both packages from there: give the URL of NAME.mini_1.")
                          : _("The module downloads the package from there, over its own mobile network.");
    const kinds = {
        url: [_("URL"), h("div", {}, field(_("URL of the package"), url, url_help),
            h("label", { class: "check" }, ask, ` ${_("Ask the server for the package first")}`))],
        path: [_("File on the gateway"), field(_("Path on the gateway"), path,
            _("The gateway sends the package over the AT port. The module needs no network."))],
        upload: [_("File on this computer"), field(_("Package"), upload,
            _("The package is copied to the gateway, which sends it over the AT port."))],
    };
    const parts = h("div", {});
    let kind;

    function choose(name) {
        kind = name;
        parts.replaceChildren(kinds[name][1]);
    }
    const radios = h("fieldset", { class: "kinds" }, h("legend", {}, _("Where the package is")),
        Object.entries(kinds).map(([name, [label]]) => h("label", {},
            h("input", { type: "radio", name: "kind", value: name, checked: name === "url",
                disabled: mini && name !== "url", onchange: () => choose(name) }), ` ${label}`)));
    const options = () => ({
        ...expect.value.trim() && { "expected-revision": expect.value.trim() },
        ...kind === "url" && ask.checked && { "check-source": true },
    });
    const source = () => ({
        url: url.value.trim(),
        path: path.value.replace(/.*\//, ""),
        upload: upload.files[0]?.name,
    })[kind];

    async function check(show) {
        const given = source() ?? "";

        show(h("p", { class: "busy" }, _("The module is being checked …")));
        show(...check_results(await bus.check(module, given, options()), given));
        return "stay";
    }
    async function start(show) {
        if (!dialog.querySelector("form").reportValidity())
            return "stay";
        if (kind === "url")
            return bus.start(module, source(), options());
        show(h("p", { class: "busy" }, _("The package is being copied …")));
        return kind === "path" ? bus.start_file(module, path.value, options())
                               : bus.start_upload(module, upload.files[0], options());
    }

    choose("url");
    const dialog = open(fill(_("Upgrade of %s"), `${module.Model} (${module.Id})`), [
        radios, mini && h("p", { class: "help" }, _("A MiniFOTA takes its packages from a URL only.")), parts,
        field(_("Expected revision"), expect, fill(_("The revision that the package leads to. If it is given, the " +
            "upgrade is a success only if the module reports it. The module runs %s now."), module.Revision)),
        alert("info", _("An upgrade takes minutes, and the module is off the network meanwhile."),
            h("p", {}, _("Keep the module and the gateway powered until the upgrade ends."))),
    ], [[_("Start upgrade"), "primary", start], [_("Check"), "secondary", check], close()]);
    url.focus();
}

/* ---- a job that runs */

export function open_retry(job) {
    const url = h("input", { name: "url", type: "text", required: true, spellcheck: "false", autocomplete: "off",
        value: job.Source.includes("***") ? "" : job.Source });
    const dialog = open(fill(_("Retry of job %s"), job.Id), [
        h("p", {}, _("The module waits in its Mini system. The retry sends it this URL.")),
        field(_("URL of the package"), url, _("Give the URL of NAME.mini_1; NAME.mini_2 must stand beside it.")),
    ], [[_("Retry"), "primary", () => dialog.querySelector("form").reportValidity() ? bus.retry(job, url.value.trim())
                                                                                     : "stay"], close()]);
    url.focus();
}

export function open_cancel(job, place) {
    open(_("Cancel the upgrade?"), h("p", {}, fill(_("Job %s on %s: the module keeps its revision."), job.Id, place)),
        [[_("Cancel upgrade"), "danger", () => bus.cancel(job)], [_("Let it go on"), "link", null]]);
}

export function open_dismiss(job, place) {
    open(_("Dismiss the job?"), [
        h("p", {}, fill(_("Job %s on %s (%s) ends without a result, and whatever the module does goes on.\n"), job.Id,
            place, word(job.State))),
        h("p", {}, _("Keep the module powered: it may be writing its flash.")),
    ], [[_("Dismiss"), "danger", () => bus.dismiss(job)], close()]);
}
