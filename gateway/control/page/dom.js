// SPDX-License-Identifier: Apache-2.0
// Elements as plain objects, and the page brought in line with them. What stays the same is left alone, so that focus,
// scrolling and opened details survive a poll. Text only ever becomes a text node: there is no way to markup.

const SVG = "http://www.w3.org/2000/svg";

function flat(kids, out) {
    for (const k of kids) {
        if (Array.isArray(k))
            flat(k, out);
        else if (k !== null && k !== undefined && k !== false && k !== "")
            out.push(typeof k === "object" ? k : String(k));
    }
    return out;
}

// h("a", {href: "#x", key: 7}, "text", h(...)): "key" tells siblings apart, "on..." are listeners, "prop" holds
// properties that are set when they change, all else are attributes (null and false: none).
export function h(tag, props, ...kids) {
    return {tag, ns: null, props: props || {}, kids: flat(kids, [])};
}

export function s(tag, props, ...kids) {
    return {tag, ns: SVG, props: props || {}, kids: flat(kids, [])};
}

function listen(node, name, fn) {
    if (!node._on[name])
        node.addEventListener(name, (event) => {
            if (node._on[name])
                node._on[name](event);
        });
    node._on[name] = fn;
}

function dress(node, props) {
    for (const name of Object.keys(node._attrs))
        if (!(name in props) || props[name] === null || props[name] === undefined || props[name] === false) {
            node.removeAttribute(name);
            delete node._attrs[name];
        }
    for (const name of Object.keys(node._on))
        if (!props["on" + name])
            node._on[name] = null;
    for (const name of Object.keys(props)) {
        const value = props[name];
        if (name === "key" || value === null || value === undefined || value === false)
            continue;
        if (name.startsWith("on")) {
            listen(node, name.slice(2), value);
        } else if (name === "prop") {
            for (const p of Object.keys(value))
                if (node[p] !== value[p])
                    node[p] = value[p];
        } else {
            const text = value === true ? "" : String(value);
            if (node._attrs[name] !== text) {
                node.setAttribute(name, text);
                node._attrs[name] = text;
            }
        }
    }
}

function create(v) {
    if (typeof v === "string")
        return document.createTextNode(v);
    const node = v.ns ? document.createElementNS(v.ns, v.tag) : document.createElement(v.tag);
    node._tag = v.tag;
    node._key = v.props.key;
    node._attrs = {};
    node._on = {};
    return node;
}

function fits(node, v) {
    if (!node)
        return false;
    if (typeof v === "string")
        return node.nodeType === Node.TEXT_NODE;
    return node._tag === v.tag && node._key === v.props.key;
}

// The list is flat already.
function bring(parent, list) {
    const keyed = new Map();
    for (let n = parent.firstChild; n; n = n.nextSibling)
        if (n._key !== undefined)
            keyed.set(n._key, n);
    let at = parent.firstChild;
    for (const v of list) {
        let node = at;
        if (!fits(node, v)) {
            node = typeof v === "object" && v.props.key !== undefined ? keyed.get(v.props.key) : null;
            if (!fits(node, v))
                node = create(v);
            parent.insertBefore(node, at);
        } else {
            at = at.nextSibling;
        }
        if (typeof v === "string") {
            if (node.data !== v)
                node.data = v;
        } else {
            dress(node, v.props);
            bring(node, v.kids);
        }
    }
    while (at) {
        const next = at.nextSibling;
        parent.removeChild(at);
        at = next;
    }
}

// Makes the children of parent what list says: elements, texts, arrays of them; null and false stand for nothing.
export function patch(parent, list) {
    bring(parent, flat(list, []));
}
