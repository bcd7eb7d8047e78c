// Who signs out leaves nothing of what they typed in this tab.

document.querySelector("form.who")?.addEventListener("submit", () => sessionStorage.clear());
