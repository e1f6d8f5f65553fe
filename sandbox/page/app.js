// The page of the stand-in: shows its state, does what a person or a volunteer does.
const $ = (id) => document.getElementById(id);
const PERSON = 1001;
const GROUP = -1001000000001;
const LANGUAGES = { vi: "Tiếng Việt", en: "English", ja: "日本語", id: "Bahasa Indonesia" };
const TAGS = new Set(["B", "STRONG", "I", "EM", "U", "S", "CODE", "PRE", "A", "BLOCKQUOTE", "BR"]);

let state = { version: -1, chats: [], users: {}, popups: [], commands: {} };
let topic = null;          // the topic shown in the group; null shows all
let replyTo = null;        // the message a volunteer answers
let editing = null;        // the trainee's message that is being edited
let popupsSeen = 0;
let judgedId = null;
const unfolded = new Set();

async function act(wish) {
  await fetch("/api/do", { method: "POST", body: JSON.stringify(wish) });
}

function element(tag, props = {}, ...children) {
  const made = Object.assign(document.createElement(tag), props);
  made.append(...children.filter((child) => child !== null));
  return made;
}

// Telegram's HTML, rebuilt from a list of tags: nothing a person writes becomes markup.
function formatted(html) {
  const read = new DOMParser().parseFromString(html, "text/html").body;
  const copy = (node, into) => {
    for (const child of node.childNodes) {
      if (child.nodeType === Node.TEXT_NODE) into.append(child.data);
      else if (TAGS.has(child.tagName)) {
        const made = document.createElement(child.tagName);
        if (child.tagName === "A" && /^https?:/.test(child.href)) {
          made.href = child.href; made.target = "_blank"; made.rel = "noreferrer";
        }
        if (child.tagName === "BLOCKQUOTE" && child.hasAttribute("expandable")) made.classList.add("folded");
        copy(child, made);
        into.append(made);
      } else if (child.tagName === "TG-SPOILER") {
        const made = element("span", { className: "spoiler", tabIndex: 0 });
        made.setAttribute("aria-label", "Hidden until it is opened");
        copy(child, made);
        into.append(made);
      }
    }
  };
  const fragment = document.createDocumentFragment();
  copy(read, fragment);
  return fragment;
}

function content(message) {
  if (message._html) return formatted(message._html);
  if (message._png) {
    return element("figure", {},
      element("img", { src: `data:image/png;base64,${message._png}`, alt: message.caption ?? "photo" }),
      element("figcaption", { textContent: message.caption ?? "" }));
  }
  const sample = message.photo ? "🖼 photo" : message.voice ? "🎤 voice message" : message.sticker ? "😢" : message.location ? "📍 location" : "";
  return document.createTextNode([sample, message.text ?? message.caption ?? ""].filter(Boolean).join("\n"));
}

function keyboard(message, user) {
  const rows = message.reply_markup?.inline_keyboard;
  if (!rows) return null;
  return element("div", { className: "keyboard" }, ...rows.map((row) => element("div", {}, ...row.map((button) =>
    element("button", { type: "button", textContent: button.text, onclick: () => button.callback_data &&
      act({ what: "press", chat: message.chat.id, user: user(), message: message.message_id, data: button.callback_data }) })))));
}

function bubble(message, { mine, named, user, tools }) {
  if (message.forum_topic_created) {
    return element("li", { className: "service", textContent: `topic “${message.forum_topic_created.name}”` });
  }
  if (message.pinned_message) {
    return element("li", { className: "service", textContent: "📌 pinned a message" });
  }
  const quoted = message.reply_to_message;
  const isReply = quoted && !quoted.forum_topic_created;
  const inside = element("div", { className: "bubble" },
    named ? element("span", { className: "from", textContent: message.from.first_name }) : null,
    isReply ? element("span", { className: "quote", textContent: quoted.text ?? "…" }) : null,
    content(message));
  const fold = inside.querySelector("blockquote.folded");
  if (fold) {
    const toggle = () => { unfolded.add(message.message_id); fold.classList.remove("folded"); };
    fold.tabIndex = 0; fold.setAttribute("role", "button"); fold.setAttribute("aria-label", "Show the law and the sources");
    if (unfolded.has(message.message_id)) fold.classList.remove("folded");
    fold.addEventListener("click", toggle);
    fold.addEventListener("keydown", (event) => { if (event.key === "Enter") toggle(); });
  }
  const time = new Date(message.date * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const reactions = message._reactions?.length ? element("span", { className: "reaction", textContent: message._reactions.join("") }) : null;
  const meta = element("div", { className: "meta" }, reactions, ...tools, element("span", { textContent: (message.edit_date ? "edited " : "") + time }));
  const alert = message.text?.startsWith("🔴") ? " alert" : "";
  const item = element("li", { className: `message${mine ? " mine" : ""}${alert}` }, inside, meta);
  const buttons = keyboard(message, user);
  if (buttons) item.append(buttons);
  item.dataset.id = message.message_id;
  return item;
}

function tool(label, text, onclick) {
  const made = element("button", { type: "button", textContent: text, onclick });
  made.setAttribute("aria-label", label);
  return made;
}

function show(list, items) {
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  const grown = items.length > list.children.length;
  list.replaceChildren(...items);
  if (atEnd || grown) list.scrollTop = list.scrollHeight;
}

const volunteer = () => Number($("volunteer").value || 2001);

function draw() {
  const phone = state.chats.find((chat) => chat.id === PERSON);
  const group = state.chats.find((chat) => chat.id === GROUP);
  if (!phone || !group) return;
  if (!$("account").options.length) {
    $("account").append(...Object.entries(LANGUAGES).map(([code, name]) => element("option", { value: code, textContent: name })));
    $("volunteer").append(...group.members.map((id) => element("option", { value: id, textContent: state.users[id].first_name })));
  }
  $("account").value = state.users[PERSON].language_code ?? "en";
  drawCommands();
  show($("phone-messages"), phone.messages.map((message) => {
    const mine = message.from.id === PERSON;
    const edit = mine && message.text && !message.text.startsWith("/")
      ? [tool("Edit this message", "✎", () => startEdit(message))] : [];
    return bubble(message, { mine, named: false, user: () => PERSON, tools: edit });
  }));
  const topics = Object.entries(group.topics);
  $("topics").replaceChildren(
    topicButton(null, "All"), ...topics.map(([id, name]) => topicButton(Number(id), name)));
  const shown = group.messages.filter((message) => topic === null || message.message_thread_id === topic);
  show($("staff-messages"), shown.map((message) => bubble(message, {
    mine: message.from.id === volunteer(), named: true, user: volunteer,
    tools: [tool("Reply to this message", "↩", () => startReply(message))],
  })));
  drawPinned(group);
  for (const popup of state.popups.slice(popupsSeen)) pop(popup.text);
  popupsSeen = state.popups.length;
  judge(phone.messages.filter((message) => message.from.id === PERSON && message.text && !message.text.startsWith("/")).at(-1));
}

function drawCommands() {
  const language = state.users[PERSON].language_code;
  const own = state.chats.find((chat) => chat.id === PERSON).commands;
  const commands = own ?? state.commands[language] ?? state.commands[""] ?? [];
  const all = [{ command: "start", description: "" }, ...commands];
  const write = (command) => act({ what: "write", chat: PERSON, user: PERSON, text: `/${command}` });
  $("phone-commands").replaceChildren(...all.map((each) => commandButton(each, write)));
  // Most of the volunteers' commands are followed by words: they are typed, and sent by the volunteer.
  const type = (command) => { $("staff-text").value = `/${command} `; $("staff-text").focus(); };
  const group = state.chats.find((chat) => chat.id === GROUP);
  $("staff-commands").replaceChildren(...(group.commands ?? []).map((each) => commandButton(each, type)));
}

function commandButton({ command, description }, onclick) {
  return element("button", { type: "button", textContent: `/${command}`, title: description, onclick: () => onclick(command) });
}

function drawPinned(group) {
  const pinned = group.messages.find((message) => message.message_id === group.pinned.at(-1));
  $("pinned").hidden = !pinned;
  if (!pinned) return;
  $("pinned").textContent = `📌 ${(pinned.text ?? "").split("\n")[0]}`;
  $("pinned").onclick = () => {
    topic = null;
    draw();
    document.querySelector(`#staff-messages [data-id="${pinned.message_id}"]`)?.scrollIntoView();
  };
}

function topicButton(id, name) {
  const made = element("button", { type: "button", textContent: name, onclick: () => { topic = id; draw(); } });
  made.setAttribute("aria-pressed", String(topic === id));
  return made;
}

function context(form, text, undo) {
  const line = form.querySelector(".context");
  line.hidden = !text;
  line.replaceChildren(...(text ? [element("span", { textContent: text }), tool("Cancel", "✕", undo)] : []));
}

function startReply(message) {
  replyTo = message;
  context($("staff-form"), `Replying to: ${(message.text ?? "…").slice(0, 60)}`, () => { replyTo = null; context($("staff-form"), ""); });
  $("staff-text").focus();
}

function startEdit(message) {
  editing = message.message_id;
  $("phone-text").value = message.text;
  context($("phone-form"), "Editing your message", () => { editing = null; $("phone-text").value = ""; context($("phone-form"), ""); });
  $("phone-text").focus();
}

function pop(text) {
  $("popup").textContent = text;
  $("popup").hidden = false;
  setTimeout(() => { $("popup").hidden = true; }, 4000);
}

async function judge(message) {
  if (!message) return;
  const id = `${message.message_id}:${message.edit_date ?? ""}`;
  if (id === judgedId) return;
  judgedId = id;
  const answer = await fetch("/api/explain", { method: "POST", body: JSON.stringify({ text: message.text }) });
  const judged = await answer.json();
  const line = (name, ...value) => [element("dt", { textContent: name }), element("dd", {}, ...value)];
  const badge = (text) => element("span", { className: `badge ${text}`, textContent: text });
  const meter = (score) => element("div", { className: "meter" }, element("i", { style: `width:${Math.max(0, Math.min(1, score)) * 100}%` }));
  const others = (judged.suggestions ?? []).slice(1, 3);
  $("verdict").replaceChildren(
    element("blockquote", { textContent: message.text }),
    element("dl", {},
      ...line("Language", judged.language),
      ...line("Urgency", badge(judged.urgency), judged.urgent_kind ? ` ${judged.urgent_kind}` : ""),
      ...line("score", String(judged.urgent_score), meter(judged.urgent_score)),
      ...(judged.urgent_phrasing ? line("fired by", `“${judged.urgent_phrasing}”`) : []),
      ...line("Decision", badge(judged.decision)),
      ...(judged.topic ? line("Topic", judged.topic) : []),
      ...line("score", String(judged.score), meter(judged.score)),
      ...(judged.phrasing ? line("phrasing", `“${judged.phrasing}”`) : []),
      ...others.flatMap((other) => line("runner-up", `${other.topic} ${other.score}`))));
}

function sendOnEnter(area, form) {
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) { event.preventDefault(); form.requestSubmit(); }
  });
  area.addEventListener("input", () => { area.style.height = "auto"; area.style.height = `${area.scrollHeight}px`; });
}

$("phone-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = $("phone-text").value.trim();
  if (!text) return;
  $("phone-text").value = "";
  if (editing !== null) await act({ what: "edit", chat: PERSON, user: PERSON, message: editing, text });
  else await act({ what: "write", chat: PERSON, user: PERSON, text });
  editing = null;
  context($("phone-form"), "");
});

$("staff-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = $("staff-text").value.trim();
  if (!text) return;
  $("staff-text").value = "";
  await act({ what: "write", chat: GROUP, user: volunteer(), text,
    topic: replyTo?.message_thread_id ?? topic, reply_to: replyTo?.message_id });
  replyTo = null;
  context($("staff-form"), "");
});

$("sample").addEventListener("change", async () => {
  if ($("sample").value) await act({ what: "write", chat: PERSON, user: PERSON, sample: $("sample").value });
  $("sample").value = "";
});
$("account").addEventListener("change", () => act({ what: "language", chat: PERSON, user: PERSON, language: $("account").value }));
$("volunteer").addEventListener("change", draw);
sendOnEnter($("phone-text"), $("phone-form"));
sendOnEnter($("staff-text"), $("staff-form"));
for (const example of document.querySelectorAll(".try")) {
  example.addEventListener("click", () => act({ what: "write", chat: PERSON, user: PERSON, text: example.textContent }));
}
for (const tab of document.querySelectorAll(".tabs button")) {
  tab.addEventListener("click", () => {
    document.querySelector("main").dataset.show = tab.dataset.pane;
    for (const other of document.querySelectorAll(".tabs button")) other.setAttribute("aria-pressed", String(other === tab));
  });
}

async function watch() {
  for (;;) {
    try {
      const answer = await fetch(`/api/state?since=${state.version}`);
      const next = await answer.json();
      if (next.version !== state.version) { state = next; draw(); }
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}
watch();
