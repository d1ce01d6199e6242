const express = require('express');
const rateLimit = require('express-rate-limit');
const User = require('../models/user');
const wrap = require('../middleware/async-handler');
const { requireLogin } = require('../middleware/auth');
const { validateRegistration } = require('../lib/validators');

const router = express.Router();
const limiter = rateLimit({ windowMs: 15 * 60 * 1000, limit: 20 });

router.post('/register', limiter, wrap(async (req, res) => {
  const problems = validateRegistration(req.body);
  if (problems.length) return res.status(422).json({ problems });

  const user = new User({ email: req.body.email, name: req.body.name });
  await user.setPassword(req.body.password);
  await user.save();
  req.session.userId = user.id;
  res.status(201).json({ id: user.id, email: user.email });
}));

router.post('/login', limiter, wrap(async (req, res) => {
  const user = await User.findOne({ email: String(req.body.email).toLowerCase() });
  if (!user || !(await user.checkPassword(req.body.password || ''))) {
    return res.status(401).json({ error: 'wrong email or password' });
  }
  const cart = req.session.cart;
  // A fresh id, so that nobody can plant a session on somebody else. The cart comes along.
  req.session.regenerate(async (err) => {
    if (err) return res.status(500).end();
    req.session.userId = user.id;
    req.session.cart = cart;
    user.lastLoginAt = new Date();
    await user.save();
    res.json({ id: user.id, email: user.email });
  });
}));

router.post('/logout', (req, res, next) => {
  req.session.destroy((err) => {
    if (err) return next(err);
    res.clearCookie('shop.sid');
    res.status(204).end();
  });
});

router.get('/me', requireLogin, (req, res) => {
  const { id, email, name, role } = req.user;
  res.json({ id, email, name, role });
});

module.exports = router;
