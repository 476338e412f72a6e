/** `deploy` became a scope of its own: tokens that could deploy keep it, which is reported once. */
export const DEPLOY_SCOPE = `
  INSERT INTO alerts (id, code, subject, severity, sentence, action, cause, raised_at, is_told, told_at)
  SELECT 'deployscope', 'scopes', 'tokens', 'warning',
    'Deploying is a scope of its own now. Tokens with the scope train were given the scope deploy too, so nothing stops working; replace those that should only train.',
    '{"label":"Show tokens","method":"get","path":"/settings/tokens"}', NULL, clock.at, 1, clock.at
  FROM clock WHERE EXISTS (SELECT 1 FROM tokens WHERE scopes LIKE '%"train"%');
  UPDATE tokens SET scopes = substr(scopes, 1, length(scopes) - 1) || ',"deploy"]' WHERE scopes LIKE '%"train"%';
  `;
