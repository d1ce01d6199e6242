const User = require('../models/user');
const asyncHandler = require('./async-handler');

// Puts the user of the session on the request, if there is one.
const currentUser = asyncHandler(async (req, res, next) => {
  if (req.session.userId) {
    req.user = await User.findById(req.session.userId);
    if (!req.user) delete req.session.userId;
  }
  next();
});

function requireLogin(req, res, next) {
  if (!req.user) return res.status(401).json({ error: 'login required' });
  next();
}

function requireAdmin(req, res, next) {
  if (!req.user) return res.status(401).json({ error: 'login required' });
  // TODO: staff may see orders but not change products
  if (req.user.role === 'customer') return res.status(403).json({ error: 'not allowed' });
  next();
}

module.exports = { currentUser, requireLogin, requireAdmin };
