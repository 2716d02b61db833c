<?php
// https://www.php.net/manual/en/features.http-auth.php, with users in SQLite for Basic, and a login with $_SESSION
function verified(string $name, string $password): bool
{
    $query = (new PDO('sqlite:users.db'))->prepare('SELECT hash FROM users WHERE name = ?');
    $query->execute([$name]);
    $hash = $query->fetchColumn();
    return $hash && password_verify($password, $hash);
}

function basic(): string
{
    if (!isset($_SERVER['PHP_AUTH_USER']) || !verified($_SERVER['PHP_AUTH_USER'], $_SERVER['PHP_AUTH_PW'])) {
        header('WWW-Authenticate: Basic realm="My Realm"');
        header('HTTP/1.0 401 Unauthorized');
        exit('Text to send if user hits Cancel button');
    }
    return $_SERVER['PHP_AUTH_USER'];
}

function digest(): string
{
    $realm = 'Restricted area';
    $users = array('admin' => 'mypass-lab-1', 'guest' => 'guest-lab-2');
    if (empty($_SERVER['PHP_AUTH_DIGEST'])) {
        header('HTTP/1.1 401 Unauthorized');
        header('WWW-Authenticate: Digest realm="' . $realm . '",qop="auth",nonce="' . uniqid() . '",opaque="' . md5($realm) . '"');
        die('Text to send if user hits Cancel button');
    }
    if (!($data = http_digest_parse($_SERVER['PHP_AUTH_DIGEST'])) || !isset($users[$data['username']]))
        die('Wrong Credentials!');
    $A1 = md5($data['username'] . ':' . $realm . ':' . $users[$data['username']]);
    $A2 = md5($_SERVER['REQUEST_METHOD'] . ':' . $data['uri']);
    $valid_response = md5($A1 . ':' . $data['nonce'] . ':' . $data['nc'] . ':' . $data['cnonce'] . ':' . $data['qop'] . ':' . $A2);
    if ($data['response'] != $valid_response)
        die('Wrong Credentials!');
    return $data['username'];
}

function http_digest_parse($txt)
{
    $needed_parts = array('nonce' => 1, 'nc' => 1, 'cnonce' => 1, 'qop' => 1, 'username' => 1, 'uri' => 1, 'response' => 1);
    $data = array();
    $keys = implode('|', array_keys($needed_parts));
    preg_match_all('@(' . $keys . ')=(?:([\'"])([^\2]+?)\2|([^\s,]+))@', $txt, $matches, PREG_SET_ORDER);
    foreach ($matches as $m) {
        $data[$m[1]] = $m[3] ? $m[3] : $m[4];
        unset($needed_parts[$m[1]]);
    }
    return $needed_parts ? false : $data;
}

switch ($_SERVER['REQUEST_METHOD'] . ' ' . parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH)) {
    case 'GET /': echo 'public'; break;
    case 'GET /basic': echo 'Hello ' . basic() . ', order c41f7a90d2'; break;
    case 'POST /basic': echo 'saved for ' . basic(); break;
    case 'GET /digest': echo 'You are logged in as: ' . digest() . ', order a77be019c3'; break;
    case 'POST /login':
        session_start();
        if (!verified($_POST['user'], $_POST['password'])) { http_response_code(401); exit('Wrong name or password'); }
        session_regenerate_id(true);
        $_SESSION['user'] = $_POST['user'];
        echo 'Welcome'; break;
    case 'GET /me':
    case 'POST /note':
        session_start();
        if (empty($_SESSION['user'])) { http_response_code(401); exit('Please log in'); }
        echo 'You are ' . $_SESSION['user'] . ', note c41f7a90d2'; break;
    case 'POST /logout': session_start(); $_SESSION = []; session_destroy(); echo 'Good bye'; break;
    default: http_response_code(404); echo 'Not found';
}
