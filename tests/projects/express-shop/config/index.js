// One place for settings. Everything has a default except the secrets.
const DAY = 24 * 60 * 60 * 1000;

module.exports = {
  port: Number(process.env.PORT) || 3000,
  mongoUri: process.env.MONGODB_URI || 'mongodb://localhost:27017/shop',
  apiPrefix: process.env.API_PREFIX || '/api/v1',
  session: {
    name: 'shop.sid',
    secret: process.env.SESSION_SECRET,
    maxAge: 14 * DAY,
  },
  webhookToken: process.env.PAYMENT_WEBHOOK_TOKEN,
  shipping: { flat: 490, freeFrom: 5000 },
};
