# Shopify's Liquid, for tests: a line of JSON in, [template, variables]; a line of JSON out, [output] or [null, error].
# Run with TZ=UTC. `now` is the moment of the tests; blank? is as in Ruby on Rails.
require 'json'
require 'liquid'

class Time
  NOW = Time.utc(2026, 3, 15, 12, 0, 0)

  def self.now
    NOW.dup
  end
end

class Object
  def blank?
    respond_to?(:empty?) ? !!empty? : !self
  end
end

class String
  def blank?
    match?(/\A[[:space:]]*\z/)
  end
end

def answer(source, variables)
  template = Liquid::Template.parse(source)
  output = template.render(variables).dup.force_encoding('UTF-8')
  return [nil, template.errors.first.to_s] unless template.errors.empty?

  output.valid_encoding? ? [output] : [nil, 'not UTF-8']
rescue StandardError, SystemStackError => e
  [nil, "#{e.class}: #{e.message}"]
end

$stdin.each_line do |line|
  source, variables = JSON.parse(line)
  $stdout.puts JSON.generate(answer(source, variables || {}))
end
