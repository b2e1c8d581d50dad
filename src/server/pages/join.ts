import type { Page } from "./index.js";

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:3rem auto;padding:0 1rem;color:#1c2330;background:#fff}
label{display:block;margin:1rem 0}input{display:block;width:100%;box-sizing:border-box;font:inherit;padding:.5rem}
button{font:inherit;padding:.5rem 1.2rem}button:focus,input:focus{outline:3px solid #2d6cdf}
@media(prefers-color-scheme:dark){body{color:#e8ecf4;background:#12161d}}`;

/** The token stands after the # of the address; it is taken off it, so that it stays in no history. */
const SCRIPT = `const token=location.hash.slice(1);history.replaceState(null,"",location.pathname);
const form=document.querySelector("form"),say=document.querySelector("[role=status]");
form.addEventListener("submit",async(event)=>{event.preventDefault();say.textContent="…";
const {login,name,password}=Object.fromEntries(new FormData(form));
const answer=await fetch("/api/v1/invitations/accept",{method:"POST",headers:{"Content-Type":"application/json"},
body:JSON.stringify({token,login,password,...(name&&{name})})});
const body=await answer.json();
if(!answer.ok){say.textContent=[body.error.message,body.error.hint].filter(Boolean).join(" ");return}
form.hidden=true;say.textContent="You are signed in as "+body.account.login+" ("+body.account.role+")."});`;

/** Where an invitation is accepted: a name to sign in with and a password. */
export function joinPage(): Page {
  return {
    title: "Plumbline: your invitation",
    style: STYLE,
    script: SCRIPT,
    body: `<main><h1>Your invitation</h1><form>
<label>Name to sign in with<input name="login" required minlength="2" maxlength="100" autocomplete="username"></label>
<label>Your name (may be left empty)<input name="name" maxlength="200" autocomplete="name"></label>
<label>Password, at least 12 characters<input name="password" type="password" required minlength="12" maxlength="200" autocomplete="new-password"></label>
<button>Accept</button></form><p role="status"></p></main>`,
  };
}
