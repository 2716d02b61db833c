<?php
$db = new PDO('sqlite:users.db');
$db->exec('CREATE TABLE users (name TEXT PRIMARY KEY, hash TEXT)');
$add = $db->prepare('INSERT INTO users VALUES (?, ?)');
foreach (['alice' => 'lab-Password-1', 'bob' => 'lab-Password-2', 'carl' => 'lab:Pass:word-3', 'dora' => 'Pässwört-4', 'eric' => 'lab-Password-' . str_repeat('5', 80) . 'x'] as $name => $password) {
    $add->execute([$name, password_hash($password, PASSWORD_DEFAULT)]);
}
