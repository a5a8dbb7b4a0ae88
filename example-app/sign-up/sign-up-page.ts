import { form, textField } from '../views/form'
import { html } from '../views/html'
import type { Page } from '../views/layout'
import { BLANK } from './sign-up'
import type { SignUp } from './sign-up'

/** How somebody becomes a tenant. */
export function signUpPage({ name, subdomain, errors }: SignUp = BLANK): Page {
  const fields = [
    textField({ name: 'sign_up[name]', label: 'Company', value: name, errors: errors.name }),
    textField({
      name: 'sign_up[subdomain]',
      label: 'Address',
      hint: 'Letters, digits and single hyphens. Left empty, it is made from the name.',
      value: subdomain,
      errors: errors.subdomain,
      optional: true,
    }),
  ]
  const content = html`<p class="lead">
      You get a schema of your own, with all of its tables, while this form is sent.
    </p>
    ${form({ action: '/sign-up', errors, fields, button: 'Sign up' })}`
  return { title: 'Sign up', content }
}
