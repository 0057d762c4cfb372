import { render } from 'preact';
import './styles/base.css';
import './styles/controls.css';
import './styles/shell.css';
import './styles/grid.css';
import './styles/tail.css';
import './styles/pages.css';
import { followTail } from './records/tail.js';
import { followAddress, takeToken } from './state/location.js';
import { openSession, signIn } from './state/session.js';
import { applyTheme } from './state/theme.js';
import { App } from './views/App.js';

applyTheme();
const token = takeToken();
followAddress((secret) => void signIn(secret));
followTail();
void openSession(token);
const page = document.getElementById('page');
if (page !== null) {
  render(<App />, page);
}
