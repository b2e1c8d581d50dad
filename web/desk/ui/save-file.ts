/** Lets the browser save a text as a file. */
export function saveFile(name: string, text: string | Blob): void {
  const blob = text instanceof Blob ? text : new Blob([text], { type: "text/plain;charset=utf-8" });
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
