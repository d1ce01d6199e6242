const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;
const MIN_PASSWORD = 10;

function validateRegistration(body) {
  const problems = [];
  if (!body || !EMAIL.test(body.email || '')) problems.push('email is not valid');
  if (!body || String(body.password || '').length < MIN_PASSWORD) {
    problems.push(`password needs at least ${MIN_PASSWORD} characters`);
  }
  return problems;
}

function validateProduct(body) {
  const problems = [];
  if (!body || !body.sku) problems.push('sku is missing');
  if (!body || !Number.isInteger(body.price) || body.price < 0) problems.push('price must be whole cents');
  if (body && body.stock !== undefined && !Number.isInteger(body.stock)) problems.push('stock must be a whole number');
  return problems;
}

module.exports = { validateRegistration, validateProduct, MIN_PASSWORD };
