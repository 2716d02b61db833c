package Lab;
use Dancer2;
use Dancer2::Plugin::Passphrase;
use Crypt::JWT qw(encode_jwt decode_jwt);

set session => 'Simple';
set show_errors => 0;
set plugins => { Passphrase => { algorithm => 'Bcrypt' } };
my $key = 'lab-signing-key-0123456789-0123456789';
my %users = (alice => 'lab-Password-1', bob => 'lab-Password-2');
$_ = passphrase($_)->generate->rfc2307 for values %users;

sub verified {
    my ($name, $password) = @_;
    return $users{$name} && passphrase($password)->matches($users{$name});
}

get '/' => sub { 'public' };
# the session of Dancer2::Manual
post '/login' => sub {
    if (verified(body_parameters->get('user'), body_parameters->get('password'))) {
        app->change_session_id;
        session user => body_parameters->get('user');
        return 'Welcome';
    }
    status 401;
    return 'Wrong name or password';
};
get '/me' => sub {
    my $user = session('user') or do { status 401; return 'Please log in' };
    return "You are $user, note c41f7a90d2";
};
post '/note' => sub {
    my $user = session('user') or do { status 401; return 'Please log in' };
    return 'saved for ' . $user;
};
post '/logout' => sub { app->destroy_session; 'Good bye' };

# tokens of Crypt::JWT
post '/token' => sub {
    my ($user, $password) = @{ from_json(request->body) }{qw(user password)};
    content_type 'application/json';
    if (!verified($user, $password)) { status 401; return to_json({ error => 'wrong name or password' }) }
    return to_json({ token => encode_jwt(payload => { sub => $user, iss => 'lab', aud => 'lab-api', role => $user eq 'alice' ? 'admin' : 'user' }, alg => 'HS256', key => $key, relative_exp => 600, auto_iat => 1) });
};
hook before => sub {
    return if request->path !~ m{^/api/};
    my ($token) = (request->header('Authorization') // '') =~ /^Bearer (.+)$/;
    my $claims = eval { decode_jwt(token => $token, key => $key, accepted_alg => 'HS256', verify_exp => 1, verify_iss => 'lab', verify_aud => 'lab-api') };
    if (!$claims) {
        status 401;
        response_header 'WWW-Authenticate' => 'Bearer realm="lab"' . ($token ? ', error="invalid_token"' : '');
        halt('Unauthorized');
    }
    var claims => $claims;
};
get '/api/orders' => sub { content_type 'application/json'; to_json({ order => 'a77be019c3', for => var('claims')->{sub} }) };
post '/api/orders' => sub {
    if (var('claims')->{role} ne 'admin') { status 403; return 'Forbidden' }
    return 'order written';
};
to_app;
