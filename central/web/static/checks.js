// Checks while somebody types. The centre decides (proto/vaguemestre/model/values.py); this only spares the way.

const digitsOf = (text) => text.replace(/[\s.\-/|]/g, "");

export function luhn(digits) {
  let sum = 0;
  for (let i = 0; i < digits.length; i += 1) {
    let value = Number(digits[digits.length - 1 - i]);
    if (i % 2) value = value > 4 ? value * 2 - 9 : value * 2;
    sum += value;
  }
  return sum % 10 === 0;
}

export function nirKey(first13) {
  const plain = first13.replace("2A", "19").replace("2B", "18");
  return String(97 - Number(BigInt(plain) % 97n)).padStart(2, "0");
}

function nir(text) {
  const plain = digitsOf(text).toUpperCase();
  if (plain.length < 13) return soFar(`${plain.length} caractères sur 15`);
  if (!/^[123478]\d{2}(0[1-9]|1[0-2]|2\d|3\d|4[0-2]|[5-9]\d)(\d{2}|2[AB])\d{6}(\d{2})?$/.test(plain)) {
    return plain.length === 14 ? soFar("14 caractères sur 15") : wrong("ce n'est pas un NIR");
  }
  if (plain.length === 13) return fine(`clé attendue : ${nirKey(plain)}`);
  return nirKey(plain.slice(0, 13)) === plain.slice(13) ? fine("clé juste") : wrong("la clé ne correspond pas");
}

function date(text, today, mayLieAhead) {
  const parted = text.match(/^(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{4}|\d{2})$/) ?? text.replace(/\s/g, "").match(/^(\d{2})(\d{2})(\d{4}|\d{2})$/);
  const iso = text.match(/^(\d{4})-(\d{2})-(\d{2})$/);
  if (!parted && !iso) return text.length < 6 ? soFar("JJMMAAAA") : wrong("JJMMAAAA");
  let [day, month, year] = iso ? [iso[3], iso[2], iso[1]] : parted.slice(1);
  if (year.length === 2) {
    const last = mayLieAhead ? today.getFullYear() + 1 : today.getFullYear();
    year = `${Number(year) <= last % 100 ? 20 : 19}${year}`;
  }
  const found = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  if (found.getUTCDate() !== Number(day) || found.getUTCMonth() !== Number(month) - 1) return wrong("cette date n'existe pas");
  if (!mayLieAhead && found > today) return wrong("date à venir");
  if (found.getUTCFullYear() < 1890) return wrong("date trop ancienne");
  return fine(`${day.padStart(2, "0")}/${month.padStart(2, "0")}/${year}`);
}

function amount(text) {
  const plain = text.replace(/[\s€]/g, "").replace(",", ".");
  if (!/^\d{1,7}(\.\d{1,2})?$/.test(plain)) return /^\d*[.]?$/.test(plain) ? soFar("26,50") : wrong("un montant : 26,50");
  return fine(`${Number(plain).toFixed(2).replace(".", ",")} €`);
}

function number(text, check) {
  const plain = digitsOf(text);
  if (!/^\d*$/.test(plain)) return wrong("des chiffres seulement");
  const lengths = { rpps: [11], am: [9], rpps_or_am: [9, 11], siret: [14], finess: [9], structure: [9, 14] }[check];
  if (!lengths) return check === "luhn" && !luhn(plain) ? wrong("la clé ne correspond pas") : fine("");
  if (plain.length < Math.max(...lengths) && !lengths.includes(plain.length)) return soFar(`${plain.length} chiffre${plain.length > 1 ? "s" : ""} sur ${lengths.join(" ou ")}`);
  if (!lengths.includes(plain.length)) return wrong(`${lengths.join(" ou ")} chiffres`);
  const hasKey = plain.length === 11 || plain.length === 14 || check === "finess";
  const isPost = plain.startsWith("356000000") && [...plain].reduce((sum, d) => sum + Number(d), 0) % 5 === 0;
  const holds = isPost || (luhn(plain) && (plain.length !== 14 || luhn(plain.slice(0, 9))));
  if (hasKey) return holds ? fine("clé juste") : wrong("la clé ne correspond pas");
  return fine("");
}

function iban(text) {
  const plain = text.toUpperCase().replace(/[^A-Z0-9]/g, "");
  if (plain.length < 27) return soFar(`${plain.length} caractère${plain.length > 1 ? "s" : ""} sur 27`);
  if (!/^FR\d{12}[A-Z0-9]{11}\d{2}$/.test(plain)) return wrong("FR et 25 caractères");
  const turned = plain.slice(4) + plain.slice(0, 4);
  const digits = [...turned].map((c) => parseInt(c, 36)).join("");
  return BigInt(digits) % 97n === 1n ? fine("clé juste") : wrong("la clé ne correspond pas");
}

const soFar = (hint) => ({ isUsable: false, isWrong: false, hint });
const wrong = (hint) => ({ isUsable: false, isWrong: true, hint });
const fine = (hint) => ({ isUsable: true, isWrong: false, hint });

/** Whether a field's text can be sent, is wrong already, and what to tell. */
export function check(task, text, today = new Date()) {
  const plain = text.trim();
  if (task.kind === "tick") {
    return ["", "x", "0", "1", "oui", "non", "true", "false"].includes(plain.toLowerCase())
      ? fine(["", "0", "non", "false"].includes(plain.toLowerCase()) ? "non cochée" : "cochée")
      : wrong("x pour une case cochée, rien sinon");
  }
  if (!plain) return soFar(task.required ? "champ obligatoire" : "");
  switch (task.kind) {
    case "nir": return nir(plain);
    case "date": return date(plain, today, task.may_lie_ahead);
    case "amount": return amount(plain);
    case "digits": return number(plain, task.check);
    case "iban": return iban(plain);
    case "code": return /[A-Za-z0-9]/.test(plain) ? fine("") : wrong("lettres et chiffres");
    case "name": return /\p{L}/u.test(plain) ? fine("") : wrong("pas un nom");
    default: return fine("");
  }
}

/** How a value is read aloud by the eye: a NIR in groups, a date as on paper. */
export function shown(kind, value) {
  if (kind === "nir") return value.replace(/^(.)(..)(..)(..)(...)(...)(..)?$/, "$1 $2 $3 $4 $5 $6 $7").trim();
  if (kind === "date") return value.replace(/^(\d{4})-(\d{2})-(\d{2})$/, "$3/$2/$1");
  if (kind === "amount") return value.replace(".", ",");
  if (kind === "iban") return value.replace(/(.{4})(?=.)/g, "$1 ");
  if (kind === "tick") return value === "true" ? "x" : "";
  return value;
}
