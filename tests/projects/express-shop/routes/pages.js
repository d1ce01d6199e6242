const express = require('express');
const path = require('path');

const router = express.Router();

// Static pages, one file each.
const pages = [
  { path: '/about', file: 'about.html' },
  { path: '/shipping', file: 'shipping.html' },
];

for (const page of pages) {
  router.get(page.path, (req, res) => res.sendFile(path.join(__dirname, '..', 'public', page.file)));
}

module.exports = router;
