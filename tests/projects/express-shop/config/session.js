const session = require('express-session');
const MongoStore = require('connect-mongo');
const config = require('.');

// Carts of visitors live in the session, so it is kept for people who are not logged in, too.
module.exports = session({
  name: config.session.name,
  secret: config.session.secret,
  resave: false,
  saveUninitialized: false,
  store: MongoStore.create({ mongoUrl: config.mongoUri, collectionName: 'sessions', touchAfter: 3600 }),
  cookie: {
    httpOnly: true,
    sameSite: 'lax',
    secure: process.env.NODE_ENV === 'production',
    maxAge: config.session.maxAge,
  },
});
