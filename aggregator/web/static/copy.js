// Adds a button to each field that holds an address; without script the field is enough.
for (const field of document.querySelectorAll("[data-copy]")) {
  const input = field.querySelector("input");
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  const said = document.createElement("span");
  said.className = "unseen";
  said.setAttribute("role", "status");
  button.addEventListener("click", async () => {
    input.select();
    try {
      await navigator.clipboard.writeText(input.value);
    } catch {
      document.execCommand("copy"); // plain HTTP has no clipboard of the new kind
    }
    button.textContent = "Copied";
    said.textContent = "The address was copied.";
  });
  input.addEventListener("focus", () => input.select());
  field.append(button, said);
}
