// Passkeys: turn the node's WebAuthn options into the browser's, ask, and send the answer back in a form.
// A button says what it does: data-passkey="create", "get" or "sign-in".
(function () {
  "use strict";

  function toBytes(text) {
    const base64 = text.replace(/-/g, "+").replace(/_/g, "/");
    const binary = atob(base64.padEnd(Math.ceil(base64.length / 4) * 4, "="));
    return Uint8Array.from(binary, function (letter) { return letter.charCodeAt(0); }).buffer;
  }

  function toText(bytes) {
    const binary = Array.from(new Uint8Array(bytes), function (byte) { return String.fromCharCode(byte); }).join("");
    return btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }

  function withBytes(list) {
    return (list || []).map(function (one) { return Object.assign({}, one, { id: toBytes(one.id) }); });
  }

  function answerOf(credential) {
    const response = {};
    ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"].forEach(function (name) {
      if (credential.response[name]) {
        response[name] = toText(credential.response[name]);
      }
    });
    if (credential.response.getTransports) {
      response.transports = credential.response.getTransports();
    }
    return {
      id: credential.id,
      rawId: toText(credential.rawId),
      type: credential.type,
      authenticatorAttachment: credential.authenticatorAttachment || undefined,
      clientExtensionResults: credential.getClientExtensionResults(),
      response: response,
    };
  }

  async function create(form) {
    const options = JSON.parse(document.getElementById("passkey-options").textContent).creation_options.publicKey;
    const passwordless = form.querySelector("input[name=passwordless]");
    const selection = Object.assign({}, options.authenticatorSelection);
    if (passwordless !== null && passwordless.checked) {
      Object.assign(selection, { residentKey: "required", requireResidentKey: true, userVerification: "required" });
    }
    return navigator.credentials.create({
      publicKey: Object.assign({}, options, {
        challenge: toBytes(options.challenge),
        user: Object.assign({}, options.user, { id: toBytes(options.user.id) }),
        excludeCredentials: withBytes(options.excludeCredentials),
        authenticatorSelection: selection,
      }),
    });
  }

  async function get(options) {
    return navigator.credentials.get({
      publicKey: Object.assign({}, options, {
        challenge: toBytes(options.challenge),
        allowCredentials: withBytes(options.allowCredentials),
      }),
    });
  }

  async function ask(button) {
    const form = button.form;
    if (button.dataset.passkey === "create") {
      return create(form);
    }
    if (button.dataset.passkey === "get") {
      return get(JSON.parse(document.getElementById("passkey-options").textContent).request_options.publicKey);
    }
    const reply = await fetch(form.action, { headers: { Accept: "application/json" } });
    if (!reply.ok) {
      throw new Error(String(reply.status));
    }
    return get((await reply.json()).request_options.publicKey);
  }

  document.querySelectorAll("button[data-passkey]").forEach(function (button) {
    if (!window.PublicKeyCredential) {
      button.disabled = true;
      return;
    }
    button.addEventListener("click", async function (event) {
      event.preventDefault();
      const complaint = button.form.querySelector("[data-passkey-failed]");
      complaint.hidden = true;
      try {
        button.form.elements.credential.value = JSON.stringify(answerOf(await ask(button)));
      } catch (error) {
        complaint.hidden = false;
        return;
      }
      button.form.submit();
    });
  });
})();
