/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Translates the sentences of fotad, which are English on the bus, as fotactl does: by the templates of dbus/texts.c.
 * The counterpart of dbus/texts-translate.c and client/message.c, which say how; tests/cockpit compares them. */

import { templates } from "./templates.js";

const N_ = text => text;

/* More parts than this are not looked at. */
const PARTS_MAX = 1500;

/* The translation of a text, or the text itself. */
const _ = text => cockpit.gettext(text);

/* Fills a template with values, in their order or, as in %2$s, by their number. */
export function fill(template, ...values) {
    let next = 0;

    return template.replace(/%(?:%|(?:(\d+)\$)?[sdu])/g, (mark, number) =>
        mark === "%%" ? "%" : values[number ? number - 1 : next++] ?? "");
}

const has_words = template => /[A-Za-z]/.test(template.replace(/%./g, ""));

/* Whether a part may end at that place of the sentence: at the text that follows in the template, or, before another
 * part, at the end of a word or before a number. */
function may_end(rest, end) {
    if (/^%d/.test(rest))
        return /^[\d-]/.test(end);
    if (/^%[^%]/.test(rest))
        return end === "" || /^[ ,;.:]/.test(end);
    return rest === "" ? end === "" : rest[0] === end[0];
}

const breaks_in = part => (part.includes(": ") ? 1 : 0) + (part.includes("; ") ? 3 : 0);

/* Whether the literal characters of the template are in the sentence in their order. */
function may_match(template, sentence) {
    let from = 0;

    for (const literal of template.split(/%./)) {
        from = sentence.indexOf(literal, from);
        if (from < 0)
            return false;
        from += literal.length;
    }
    return true;
}

class Translation {
    constructor(sentence) {
        this.templates = templates.filter(template => may_match(template, sentence));
        this.done = new Map();
    }

    /* Takes the text if it is better than the present one: more is covered, or as much, and by longer templates. */
    offer(words, text, known, own) {
        if (known > words.known || (known === words.known && own > words.own))
            Object.assign(words, { text, known, own });
    }

    take(match, parts, breaks, literal) {
        const found = parts.map(part => this.find(part));
        const known = found.reduce((sum, words) => sum + words.known, 0);

        if ((known > 0 || match.words_of_its_own) && known + literal > breaks)
            this.offer(match.words, fill(match.translated, ...found.map(words => words.text)), known + literal - breaks,
                       literal);
    }

    /* A colon parts a finding from its remedy, and a semicolon two findings: text on both sides of one is a part only
     * where it comes after a colon of the template. */
    match(match, template, sentence, parts, breaks, literal, after_colon) {
        const length = template.includes("%") ? template.indexOf("%") : template.length;
        const rest = template.slice(length);

        if (!sentence.startsWith(template.slice(0, length)))
            return;
        if (length >= 2)
            after_colon = template.slice(length - 2, length) === ": ";
        literal += length;
        sentence = sentence.slice(length);
        if (rest === "") {
            if (sentence === "")
                this.take(match, parts, breaks, literal);
        } else if (rest[1] === "%") {
            if (sentence[0] === "%")
                this.match(match, rest.slice(2), sentence.slice(1), parts, breaks, literal + 1, false);
        } else {
            const number = rest[1] === "d", digits = /^[-\d]*/.exec(sentence)[0].length;

            if (number && digits === 0)
                return;
            for (let end = number ? digits : 0; end <= (number ? digits : sentence.length); end++) {
                const part = sentence.slice(0, end);

                if (number || may_end(rest.slice(2), sentence.slice(end)))
                    this.match(match, rest.slice(2), sentence.slice(end), [...parts, part],
                               breaks + (after_colon ? 0 : breaks_in(part)), literal, false);
            }
        }
    }

    /* Sentences one after the other, and the name of an option before its fault. */
    split(words, sentence) {
        const option = /^([A-Za-z0-9-]+) (.*)$/s.exec(sentence);

        if (option) {
            const fault = this.find(option[2]);

            this.offer(words, `${option[1]} ${fault.text}`, fault.known, 0);
        }
        for (let at = sentence.indexOf(". "); at >= 0; at = sentence.indexOf(". ", at + 1)) {
            const left = this.find(sentence.slice(0, at + 1)), right = this.find(sentence.slice(at + 2));

            if (left.known + right.known > words.known)
                this.offer(words, `${left.text} ${right.text}`, left.known + right.known, 0);
        }
    }

    find(sentence) {
        let words = this.done.get(sentence);

        if (words)
            return words;
        words = { text: sentence, known: 0, own: 0 };
        this.done.set(sentence, words);
        if ((!sentence.includes(" ") && !this.templates.includes(sentence)) || this.done.size > PARTS_MAX)
            return words;
        if (sentence.startsWith(" ")) {
            const rest = this.find(sentence.slice(1));

            this.offer(words, ` ${rest.text}`, rest.known, rest.own);
        } else if (sentence.endsWith(" ")) {
            const rest = this.find(sentence.slice(0, -1));

            this.offer(words, `${rest.text} `, rest.known, rest.own);
        } else if (_(sentence) !== sentence) {
            this.offer(words, _(sentence), sentence.length, sentence.length);
        } else {
            for (const template of this.templates)
                this.match({ words, translated: _(template), words_of_its_own: has_words(template) }, template,
                           sentence, [], 0, 0, false);
            this.split(words, sentence);
        }
        return words;
    }
}

/* Without the blanks that a language does not have: beside a wide mark of punctuation, between two wide characters, and
 * before a comma. */
function without_gaps(text) {
    const wide = "[\\u1100-\\u115f\\u2e80-\\u303e\\u3041-\\ua4cf\\uac00-\\ud7a3\\uf900-\\ufaff\\ufe30-\\ufe6f" +
        "\\uff01-\\uff60\\uffe0-\\uffe6]";
    const mark = `(?=${wide})[\\p{P}\\p{S}]`;

    return text.replace(new RegExp(`(?<=${mark}) | (?=${mark})| (?=,)|(?<=${wide}) (?=${wide})`, "gu"), "");
}

const is_english = () => templates.every(template => _(template) === template);

const said = new Map();

/* A sentence of fotad in the language of the page. */
export function sentence(text) {
    if (!said.has(text))
        said.set(text, is_english() ? text : without_gaps(new Translation(text).find(text).text));
    return said.get(text);
}

/* What happened, a detail or nothing, the domain, its number, the cause, what to do. */
function put_together(code, label, number, detail, translate) {
    const what = translate(code.what), remedy = translate(code.remedy), cause = code.cause && translate(code.cause);

    if (label && cause)
        return fill(translate(N_("%s%s (%s code %d; usual cause: %s): %s.")), what, detail, label, number, cause,
                    remedy);
    if (label)
        return fill(translate(N_("%s%s (%s code %d): %s.")), what, detail, label, number, remedy);
    if (cause)
        return fill(translate(N_("%s%s (usual cause: %s): %s.")), what, detail, cause, remedy);
    return fill(translate(N_("%s%s: %s.")), what, detail, remedy);
}

/* The Message of a job with an error, in the language of the page: the texts of its code with a detail between them,
 * and sentences after them. code: the answer of DescribeCode. */
export function message_with_code(message, code, number) {
    const label = / \((FTP|HTTP|file|update) code /.exec(message.slice(code.what.length))?.[1] ?? "";
    const tail = put_together(code, label, number, "", text => text).slice(code.what.length);
    const at = message.indexOf(tail, code.what.length);

    if (is_english() || !message.startsWith(code.what) || at < 0)
        return sentence(message);
    return without_gaps(put_together(code, label, number, sentence(message.slice(code.what.length, at)), _) +
                        sentence(message.slice(at + tail.length)));
}
