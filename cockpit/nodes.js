/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Builds and updates elements. Texts become text nodes: no text of a module or a server is taken for markup. */

/* An element with attributes (false and null: without; on…: a handler) and children (text, elements, arrays, null). */
export function h(tag, attributes, ...children) {
    const node = document.createElement(tag);

    for (const [name, value] of Object.entries(attributes ?? {})) {
        if (name.startsWith("on"))
            node[name] = value || null;
        else if (value !== false && value !== null && value !== undefined)
            node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children.flat(Infinity).filter(child => child !== null && child !== undefined && child !== false));
    return node;
}

function update_attributes(node, wanted) {
    for (const { name } of [...node.attributes])
        if (!wanted.hasAttribute(name))
            node.removeAttribute(name);
    for (const { name, value } of wanted.attributes)
        if (node.getAttribute(name) !== value)
            node.setAttribute(name, value);
    node.onclick = wanted.onclick;
}

/* Makes the children of a node like those that are wanted, and keeps what is the same, with its focus and position. A
 * child with data-key is the same as the present one with that key; one whose data-version is the present one is left
 * alone. */
export function update(node, wanted) {
    let present = node.firstChild;

    for (const child of [...wanted]) {
        const key = child.dataset?.key;
        const same = key ? [...node.children].find(other => other.dataset.key === key) : present;

        if (!same || same.nodeName !== child.nodeName || same.dataset?.key !== key) {
            node.insertBefore(child, present);
            continue;
        }
        if (same === present)
            present = present.nextSibling;
        else
            node.insertBefore(same, present);
        if (child.nodeType === Node.TEXT_NODE) {
            if (same.data !== child.data)
                same.data = child.data;
        } else if (!child.dataset.version || child.dataset.version !== same.dataset.version) {
            update_attributes(same, child);
            update(same, child.childNodes);
        }
    }
    while (present) {
        const next = present.nextSibling;

        present.remove();
        present = next;
    }
}
