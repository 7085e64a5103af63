/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* fotad on the gateway's system bus, through Cockpit: the properties of its objects, and calls. Knows nothing of the
 * page. With administrative access calls are root's, without it those of the user who has logged in. */

const ROOT = "/org/fotad1", MANAGER = "org.fotad1.Manager", MODULE = "org.fotad1.Module", JOB = "org.fotad1.Job";

const PATIENCE = 5000; /* ms */

let client = null, changed = () => {};
const objects = new Map(), codes = new Map();

/* "connecting", "present", or "absent": no fotad answers. */
export let service = "connecting";

/* A change may come before all other properties: an object is there once its Id is known. */
const of_interface = name => [...objects.values()].filter(object => object.interface === name && object.Id);
const by_number = (a, b) => a.Id.localeCompare(b.Id, "en", { numeric: true });

export const modules = () => of_interface(MODULE).sort(by_number);
/* The newest first. */
export const jobs = () => of_interface(JOB).sort(by_number).reverse();
export const object_at = path => objects.get(path)?.Id && objects.get(path);
export const job_of_id = id => of_interface(JOB).find(job => job.Id === id);

function take(data) {
    for (const [path, interfaces] of Object.entries(data)) {
        for (const [name, properties] of Object.entries(interfaces ?? {})) {
            if (properties && (name === MODULE || name === JOB))
                objects.set(path, { ...objects.get(path), ...properties, path, interface: name });
            else if (objects.get(path)?.interface === name)
                objects.delete(path);
        }
        if (!interfaces)
            objects.delete(path);
    }
    changed();
}

function set_service(state) {
    service = state;
    if (state !== "present")
        objects.clear();
    changed();
}

/* Connects, or connects anew; redraw() is called after each change. */
export function connect(redraw, patience = PATIENCE) {
    changed = redraw;
    client?.close();
    set_service("connecting");
    const mine = client = cockpit.dbus("org.fotad1", { bus: "system", superuser: "try" });
    const absent = () => client === mine && set_service("absent");

    /* A channel that tells nothing is given up for another one, which gets more time. */
    setTimeout(() => client === mine && service === "connecting" && connect(redraw, 2 * patience), patience);
    mine.addEventListener("notify", (event, data) => client === mine && take(data));
    mine.addEventListener("close", absent);
    mine.addEventListener("owner", (event, owner) => {
        if (!owner)
            absent();
        else if (client === mine && service === "absent")
            connect(redraw); /* a channel does not repeat what it told of the fotad before */
        else
            mine.watch({ path_namespace: ROOT }).then(() => client === mine && set_service("present"), absent);
    });
}

const variants = options => Object.fromEntries(Object.entries(options).map(
    ([name, value]) => [name, cockpit.variant(typeof value === "boolean" ? "b" : "s", value)]));

const call = (path, name, method, args, type) =>
    client.call(path, name, method, args, { type }).then(values => values[0]);

/* Options: names and values (texts, booleans) of StartUpgrade. */
export const start = (module, url, options) =>
    call(ROOT, MANAGER, "StartUpgrade", [module.Id, url, variants(options)], "ssa{sv}");
export const check = (module, source, options) =>
    call(ROOT, MANAGER, "Check", [module.Id, source, variants(options)], "ssa{sv}");
export const cancel = job => call(job.path, JOB, "Cancel", [], "");
export const dismiss = job => call(job.path, JOB, "Dismiss", [], "");
export const retry = (job, url) => call(job.path, JOB, "Retry", [url, {}], "sa{sv}");
export const log = job => call(job.path, JOB, "GetLog", [], "");
/* fotactl's own texts are in this language; the refusals of fotad stay English in JSON. */
const fotactl_language = () => ["LC_ALL=C.UTF-8", `LANGUAGE=${cockpit.language}`];
/* The timeline picture, an SVG document. */
export const picture = job => cockpit.spawn(["fotactl", "log", job.Id, "--svg", "-"],
    { err: "message", environ: fotactl_language() });

/* The texts of a code, or undefined until they are known: redraw() is called then. */
export function describe_code(domain, number, redraw) {
    const key = `${domain}/${number}`;

    if (!codes.has(key)) {
        codes.set(key, undefined);
        call(ROOT, MANAGER, "DescribeCode", [domain, number], "si").then(texts => {
            codes.set(key, { what: texts.what.v, cause: texts.cause.v, remedy: texts.remedy.v });
            redraw();
        }, () => codes.delete(key));
    }
    return codes.get(key);
}

/* Starts an upgrade with a package on the gateway. Cockpit passes no descriptors to the bus: fotactl does. */
export function start_file(module, path, options) {
    const args = ["fotactl", "start", path, "--module", module.Id, "--json"];

    if (options["expected-revision"])
        args.push("--expect", options["expected-revision"]);
    const options_of_call = { superuser: "try", err: "message", environ: fotactl_language() };

    return new Promise((resolve, reject) => {
        cockpit.spawn(args, options_of_call).then(resolve, (exception, output) => {
            let error = exception;

            try {
                error = JSON.parse(output).error;
            } catch {
                /* no refusal of fotad's, but fotactl could not be run */
            }
            reject(error);
        });
    });
}

/* Starts an upgrade with a File of the browser, which is on the gateway until fotad has its copy of it. The file is in
 * its place only when all of it is there, so nothing incomplete is ever sent. */
export async function start_upload(module, file, options) {
    const admin = { superuser: "try", err: "message" };
    const made = await cockpit.script('mktemp -d "${TMPDIR:-/var/tmp}/fotad-upload-XXXXXX"', [], admin);
    const directory = made.trim();
    const path = `${directory}/${file.name}`;

    try {
        await cockpit.file(path, { superuser: "try", binary: true }).replace(new Uint8Array(await file.arrayBuffer()));
        await start_file(module, path, options);
    } finally {
        await cockpit.spawn(["rm", "-rf", "--", directory], admin);
    }
}

/* Calls take(may) now and after each change: whether the user may do more than look, as far as that is known without
 * asking polkit. */
export async function await_rights(take) {
    const superuser = cockpit.dbus(null, { bus: "internal" }).proxy("cockpit.Superuser", "/superuser");
    const user = await cockpit.user();
    const own = user.id === 0 || user.groups.includes("fotad");
    let before;

    await superuser.wait();
    const tell = () => {
        const admin = superuser.Current !== "none";

        if (superuser.Current === "init") /* not decided yet */
            return;
        if (before !== undefined && before !== admin)
            window.location.reload(); /* calls are another user's now */
        before = admin;
        take(own || admin);
    };
    superuser.addEventListener("changed", tell);
    tell();
}
