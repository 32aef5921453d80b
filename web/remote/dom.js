/**
 * Small hands for the page: they write only what differs, so that nothing blinks, no selection is lost and no screen
 * reader hears a thing twice. Pure: nodes come in as arguments.
 */

/** @param {Node} node @param {string} text */
export const setText = (node, text) => {
  if (node.textContent !== text) node.textContent = text;
};

/** @param {Element} node @param {string} name @param {string | null} value null takes it away */
export const setAttribute = (node, name, value) => {
  if (value === null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== value) node.setAttribute(name, value);
};

/** @param {HTMLElement} node @param {boolean} hidden */
export const setHidden = (node, hidden) => {
  if (node.hidden !== hidden) node.hidden = hidden;
};

/**
 * A button that may not be used keeps its place and the focus: it is only marked.
 * @param {Element} node
 * @param {boolean} can
 */
export const setCan = (node, can) => setAttribute(node, "aria-disabled", can ? null : "true");

/** @param {Element} node */
export const can = (node) => node.getAttribute("aria-disabled") !== "true";

/**
 * A field gets a new value only while nobody is in it.
 * @param {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} field
 * @param {string} value
 */
export const setValue = (field, value) => {
  if (field.value !== value && field.ownerDocument.activeElement !== field) field.value = value;
};

/**
 * The options of a choice, and the one that is on; not while somebody is choosing.
 * @param {HTMLSelectElement} field
 * @param {ReadonlyArray<{value: string, text: string, on: boolean, can: boolean}>} options
 */
export const setOptions = (field, options) => {
  const words = options.map(({ value, text, can: may }) => `${value} ${may} ${text}`).join("\n");
  if (field.dataset.words !== words) {
    field.dataset.words = words;
    field.replaceChildren(...options.map(({ value, text, can: may }) => make(field.ownerDocument, "option", { value, ...(may ? {} : { disabled: "" }) }, text)));
  }
  const on = options.find((option) => option.on);
  if (on !== undefined) setValue(field, on.value);
};

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {Document} doc
 * @param {K} tag
 * @param {Record<string, string>} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export const make = (doc, tag, attributes = {}, ...children) => {
  const node = doc.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
};

/**
 * Makes the children of a list follow the items: each keeps its node as long as its key is there.
 * @template T
 * @template {HTMLElement} N
 * @param {HTMLElement} list
 * @param {Map<string, N>} nodes kept from one call to the next
 * @param {ReadonlyArray<T>} items
 * @param {(item: T) => string} key
 * @param {(item: T) => N} create
 * @param {(node: N, item: T) => void} update
 */
export const follow = (list, nodes, items, key, create, update) => {
  const wanted = new Set(items.map(key));
  for (const [id, node] of nodes) {
    if (!wanted.has(id)) {
      node.remove();
      nodes.delete(id);
    }
  }
  items.forEach((item, at) => {
    let node = nodes.get(key(item));
    if (node === undefined) {
      node = create(item);
      nodes.set(key(item), node);
    }
    // Moved only where it is elsewhere: a node that is put in anew loses the focus.
    if (list.children[at] !== node) list.insertBefore(node, list.children[at] ?? null);
    update(node, item);
  });
};

/**
 * The element that the page's template has.
 * @template {Element} [E=HTMLElement]
 * @param {ParentNode} root
 * @param {string} selector
 * @returns {E}
 */
export const the = (root, selector) => {
  const found = root.querySelector(selector);
  if (found === null) throw new Error(`the page has no ${selector}`);
  return /** @type {E} */ (found);
};

/**
 * Fingers and mice give the focus to nothing here: after a tap on +10 s or on a row, Space still means play and pause, and
 * Enter still means show. The keyboard's own focus is not touched by it.
 * @param {Element} node
 */
export const leaveFocus = (node) =>
  node.addEventListener("mousedown", (event) => {
    event.preventDefault();
    const { activeElement } = node.ownerDocument;
    if (activeElement instanceof HTMLElement) activeElement.blur();
  });

/** @param {Element} node @param {string} tone */
export const setTone = (node, tone) => setAttribute(node, "data-tone", tone);
