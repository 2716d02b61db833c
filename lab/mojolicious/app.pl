use Mojolicious::Lite -signatures;

# "Basic authentication" of Mojolicious::Guides::Cookbook, with two accounts more
my %basic = map { $_ => 1 } ('Bender:rocks-lab-1', 'Fry:rocks-lab-2', 'Zoidberg:rocks:lab:3');

group {
  under '/basic' => sub ($c) {
    return 1 if $basic{$c->req->url->to_abs->userinfo // ''};
    $c->res->headers->www_authenticate('Basic');
    $c->render(text => 'Authentication required!', status => 401);
    return undef;
  };
  get '/hello' => {text => 'Hello Bender! order c41f7a90d2'};
  post '/orders' => sub ($c) { $c->render(json => {order => $c->req->json->{name}, state => 'written'}) };
};

# "Login manager" of Mojolicious::Guides::Growing
app->secrets(['lab-signing-key-0123456789']);
my %users = (joel => 'las3rs-lab-1', marcus => 'lulz-lab-2', sebastian => 'secr3t-lab-3');
helper check => sub ($c, $user, $pass) { return $users{$user} && $users{$user} eq $pass };

any '/' => sub ($c) {
  my $user = $c->param('user') || '';
  my $pass = $c->param('pass') || '';
  return $c->render unless $c->check($user, $pass);
  $c->session(user => $user);
  $c->flash(message => 'Thanks for logging in.');
  $c->redirect_to('protected');
} => 'index';

group {
  under sub ($c) {
    return 1 if $c->session('user');
    $c->redirect_to('index');
    return undef;
  };
  get '/protected';
  post '/note' => sub ($c) { $c->render(text => 'note saved for ' . $c->session('user')) };
};

get '/logout' => sub ($c) {
  $c->session(expires => 1);
  $c->redirect_to('index');
};

app->start;
__DATA__

@@ index.html.ep
%= form_for index => (method => 'POST') => begin
  % if (param 'user') {
    <b>Wrong name or password, please try again.</b><br>
  % }
  Name:<br>
  %= text_field 'user'
  <br>Password:<br>
  %= password_field 'pass'
  <br>
  %= submit_button 'Login'
% end

@@ protected.html.ep
% if (my $msg = flash 'message') {
  <b><%= $msg %></b><br>
% }
Welcome <%= session 'user' %>.<br>
%= link_to Logout => 'logout'
