/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Words and numbers for people: states, times, sizes, sentences. */

import { describe_code } from "./bus.js";
import { fill, message_with_code, sentence } from "./sentences.js";

export { fill, sentence };

export const _ = text => cockpit.gettext(text);
export const ngettext = (one, many, n) => fill(cockpit.ngettext(one, many, n), n);
const N_ = text => text;

const WORDS = [
    N_("queued"), N_("preparing"), N_("downloading"), N_("restarting"), N_("updating"), N_("verifying"), N_("stalled"),
    N_("finished"), N_("success"), N_("failed"), N_("cancelled"), N_("unknown"), N_("normal"), N_("mini"),
];
const LOG_KINDS = [
    N_("request"), N_("phase"), N_("progress"), N_("restart"), N_("message"), N_("code"), N_("revision"), N_("setting"),
    N_("decision"), N_("result"), N_("at"), N_("note"), N_("warning"), N_("error"), N_("dropped"),
];

/* A state, a result, a system. */
export const word = name => WORDS.includes(name) ? _(name) : name;
export const log_kind = name => LOG_KINDS.includes(name) ? _(name) : name;

const locale = () => cockpit.language.replace("_", "-");

const at = (usec, options) => usec ? new Intl.DateTimeFormat(locale(), options).format(new Date(usec / 1000)) : "";

export const time = usec => at(usec, { dateStyle: "medium", timeStyle: "short" });
export const clock = usec => at(usec, { timeStyle: "short" });
export const exact_time = usec => at(usec, { month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit",
    second: "2-digit", fractionalSecondDigits: 3, hourCycle: "h23" });

export function duration(job) {
    const seconds = Math.round(((job.Finished || Date.now() * 1000) - job.Created) / 1e6);
    const two = n => String(n).padStart(2, "0");

    if (seconds < 3600)
        return `${Math.floor(seconds / 60)}:${two(seconds % 60)}`;
    return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

export function revisions(job) {
    const to = job.ToRevision || (job.State !== "finished" && job.ExpectedRevision);

    return to && job.FromRevision && to !== job.FromRevision ? `${job.FromRevision} → ${to}` : to || job.FromRevision;
}

export const error_of = job => job.ErrorDomain ? `${job.ErrorDomain}/${job.ErrorCode} (${job.ErrorName})` : "";

/* The Message of a job, or another text that begins with it. The texts of an error come with a call: redraw() is called
 * when they are there. */
export function message(job, redraw, text = job.Message) {
    if (!job.ErrorDomain)
        return sentence(text);
    const code = describe_code(job.ErrorDomain, job.ErrorCode, redraw);

    return code ? message_with_code(text, code, job.ErrorCode) : "";
}

/* The text of a line of a job's log, as client/job-log.c has it: the texts of the module, and those to the module, stay
 * as they are. */
export function log_text(job, kind, text, redraw) {
    if (["at", "message", "progress"].includes(kind))
        return text;
    if (job.Result && text.startsWith(`${job.Result}: `))
        return fill(_("%s: %s"), word(job.Result), message(job, redraw, text.slice(job.Result.length + 2)));
    return sentence(text);
}
