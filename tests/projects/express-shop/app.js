const path = require('path');
const express = require('express');
const helmet = require('helmet');
const morgan = require('morgan');

const config = require('./config');
const session = require('./config/session');
const { currentUser, requireAdmin } = require('./middleware/auth');
const catalog = require('./routes/catalog');
const errors = require('./middleware/errors');

const app = express();

app.set('trust proxy', 1);
app.disable('x-powered-by');

app.use(helmet());
app.use(morgan(process.env.NODE_ENV === 'production' ? 'combined' : 'dev'));
app.use(express.static(path.join(__dirname, 'public')));

// The webhook needs the raw body, so it comes before the JSON parser.
app.use('/webhooks', require('./routes/webhooks'));

app.use(express.json({ limit: '100kb' }));
app.use(express.urlencoded({ extended: false }));
app.use(session);
app.use(currentUser);

app.get('/healthz', (req, res) => res.send('ok'));

// The catalogue is served to the browser and to the mobile app.
app.use('/shop', catalog);
app.use(`${config.apiPrefix}/catalog`, catalog);

app.use(config.apiPrefix, require('./routes'));
app.use('/admin', requireAdmin, require('./routes/admin'));
app.use(require('./routes/pages'));

// app.get('/debug/session', (req, res) => res.json(req.session));

require('./legacy/reports')(app);

app.use(errors.notFound);
app.use(errors.handler);

module.exports = app;
