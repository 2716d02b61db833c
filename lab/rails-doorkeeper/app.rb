# An API of Rails in one file: Doorkeeper as its README and its wiki have it, and the token and Basic helpers of the Rails guides.
require "logger"
require "rails"
require "active_record/railtie"
require "action_controller/railtie"
require "doorkeeper"

# one connection: SQLite refuses what several write at once
ENV["DATABASE_URL"] = "sqlite3:lab.sqlite3?pool=1"

class Lab < Rails::Application
  config.api_only = true
  config.eager_load = false
  config.logger = Logger.new("rails.log")
end

Doorkeeper.configure do
  orm :active_record
  api_only
  base_controller "ActionController::API"
  resource_owner_from_credentials { User.find_by(name: params[:username])&.authenticate(params[:password]) }
  grant_flows %w[client_credentials password]
  default_scopes :read
  optional_scopes :write
  use_refresh_token
end
Rails.application.initialize!

ActiveRecord::Schema.verbose = false
ActiveRecord::Schema.define do
  create_table(:users) { |t| t.string :name, null: false; t.string :password_digest, null: false }
  create_table :oauth_applications do |t|
    t.string :name, :uid, :secret, null: false
    t.text :redirect_uri
    t.string :scopes, null: false, default: ""
    t.boolean :confidential, null: false, default: true
    t.timestamps null: false
  end
  create_table :oauth_access_tokens do |t|
    t.references :resource_owner, index: true
    t.references :application
    t.string :token, null: false
    t.string :refresh_token, :scopes
    t.integer :expires_in
    t.datetime :revoked_at
    t.datetime :created_at, null: false
    t.string :previous_refresh_token, null: false, default: ""
  end
end

class User < ActiveRecord::Base
  has_secure_password
end
User.create!(name: "alice", password: "lab-Password-1")
User.create!(name: "bob", password: "lab-Password-2")
{ "lab-service" => "read write", "lab-reader" => "read", "lab-web" => "read write", "lab-spare" => "read", "lab special" => "read" }.each do |uid, scopes|
  secret = uid == "lab special" ? "Secret+1%21&" : "#{uid}-Secret-1"
  Doorkeeper::Application.create!(name: uid, uid: uid, secret: secret, redirect_uri: "", scopes: scopes)
end
ActiveRecord::Base.clear_active_connections!

class NotesController < ActionController::API
  before_action(only: :index) { doorkeeper_authorize! :read }
  before_action(only: :create) { doorkeeper_authorize! :write }
  def index = render(json: { notes: ["c41f7a90d2"], user: doorkeeper_token.resource_owner_id })
  def create = render(json: { saved: params[:note] }, status: :created)
end

class KeysController < ActionController::API
  include ActionController::HttpAuthentication::Token::ControllerMethods
  TOKENS = %w[lab-token-Zq81xT0vWb5nLr37-0001 lab-token-Hd62yP4mKc9sEf05-0002]
  before_action do
    authenticate_or_request_with_http_token { |token, _| TOKENS.any? { |known| ActiveSupport::SecurityUtils.secure_compare(token, known) } }
  end
  def show = render(json: { order: "a77be019c3" })
end

class AdminController < ActionController::API
  include ActionController::HttpAuthentication::Basic::ControllerMethods
  http_basic_authenticate_with name: "alice", password: "lab-Password-1"
  def show = render(json: { order: "5be10c92aa" })
end

class HealthController < ActionController::API
  def show = render(json: { status: "up" })
end

Rails.application.routes.draw do
  use_doorkeeper { skip_controllers :authorizations, :applications, :authorized_applications }
  resources :notes, only: %i[index create]
  get "/keys", to: "keys#show"
  get "/admin", to: "admin#show"
  get "/up", to: "health#show"
end
